#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# man.sh names | commands | example | invariants | porting | built DIRECTORY: do the man
# pages, and tables in docs/, and what they are about agree? Pages take declarations from
# the headers as they are (man/header.awk); here it is checked that they take each one,
# once, and name nothing that does not exist.
# DEVTHP is the command, CC the compiler. Runs in lib/.
set -u
headers='include/devthp.h include/devthp_backend.h'
pages=$(ls man/*.scd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

wrong()
{
	echo "$*" >&2
	status=1
}

# shellcheck disable=SC2086
declared()
{
	awk -f man/header.awk -v names=1 $headers
}

# Text of pages, without what is taken from the headers, and without examples.
prose()		# PAGE...
{
	awk '/^```/ { code = !code; next } !code' "$@"
}

# Every declaration is in one page, and every page takes what there is. Functions are
# also described, and what the text names exists.
check_names()
{
	declared | sort >"$tmp/declared"
	[ "$(wc -l <"$tmp/declared")" -gt 50 ] || wrong "the headers declare next to nothing"
	# shellcheck disable=SC2086
	sed -n 's/^@//p' $pages | sort >"$tmp/taken"
	comm -23 "$tmp/declared" "$tmp/taken" >"$tmp/missing"
	while read -r name; do
		wrong "no page shows $name: write \"@$name\" into the synopsis of the page of its group, and tell of it there"
	done <"$tmp/missing"
	uniq -d "$tmp/taken" >"$tmp/twice"
	while read -r name; do
		wrong "$name is in several pages: $(grep -lx "@$name" man/*.scd | xargs)"
	done <"$tmp/twice"
	sort -u "$tmp/taken" | comm -13 "$tmp/declared" - >"$tmp/gone"
	while read -r name; do
		wrong "$(grep -lx "@$name" man/*.scd | xargs) has @$name, which the headers have not"
	done <"$tmp/gone"

	# Every word of the headers that is ours, and the names of pages
	{
		# shellcheck disable=SC2086
		grep -oh '[Dd][Ee][Vv][Tt][Hh][Pp]_[A-Za-z0-9_]*' $headers
		ls man | sed 's/\..*//'
	} | sort -u >"$tmp/known"
	for page in $pages; do
		prose "$page" >"$tmp/prose"
		sed -n 's/^@\(devthp_[a-z0-9_]*\)$/\1/p' "$page" >"$tmp/functions"
		while read -r name; do
			grep -qF "*$name*()" "$tmp/prose" || wrong "$page shows $name(), and does not tell of it"
		done <"$tmp/functions"
		grep -o '\(devthp\|DEVTHP\)_[A-Za-z0-9_]*' "$tmp/prose" | sort -u >"$tmp/named"
		while read -r name; do
			case $name in
			*_) grep -q "^$name" "$tmp/known" ;;	# all that begin so
			*) grep -qx "$name" "$tmp/known" ;;
			esac || wrong "$page names $name, which does not exist"
		done <"$tmp/named"
		references "$page"
		case $page in *.3.scd) members "$page" ;; esac
	done
	errors
}

# Each error that the header tells of at a function is on the page that shows it, or is
# one that every call may return.
errors()
{
	# shellcheck disable=SC2086
	awk '
	/^\/\*/ { told = "" }
	/^(\/\*| \*)/ { told = told " " $0 }
	/^DEVTHP_API / && match($0, /devthp_[a-z0-9_]+\(/) {
		name = substr($0, RSTART, RLENGTH - 1)
		count = split(told, words, /[^-A-Z0-9]+/)
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^-E[A-Z0-9]+$/)
				print name, words[i]
	}' $headers | sort -u >"$tmp/errors"
	[ -s "$tmp/errors" ] || wrong "the headers tell of no error"
	while read -r name error; do
		page=$(grep -lx "@$name" man/*.scd)
		[ -z "$page" ] || grep -qF "*$error*" "$page" man/libdevthp.3.scd ||
			wrong "$page does not tell of $error, which $name() may return"
	done <"$tmp/errors"
}

# *page*(3) is a page, or a function that has a link to one.
references()	# PAGE
{
	prose "$1" | grep -o '\*[a-z0-9_-]*devthp[a-z0-9_-]*\*([0-9])' | tr -d '*)' | tr '(' '.' | sort -u |
		while read -r name; do
			[ -e "man/$name.scd" ] || { [ "${name##*.}" = 3 ] && declared | grep -qx "${name%.*}"; } ||
				echo "$1 refers to $name, which is no page"
		done >"$tmp/bad"
	while read -r line; do wrong "$line"; done <"$tmp/bad"
}

uncommented()
{
	awk '{ all = all $0 "\n" }
	END {
		while (start = index(all, "/*")) {
			printf "%s", substr(all, 1, start - 1)
			all = substr(all, start + 2)
			all = substr(all, index(all, "*/") + 2)
		}
		printf "%s", all
	}'
}

# _word_ is a member or a parameter in what the page shows, or a suffix of a name there.
members()	# PAGE
{
	# shellcheck disable=SC2086
	case $1 in
	*/libdevthp.3.scd) cat $headers ;;	# speaks of all of them
	*) awk -f man/header.awk $headers "$1" 2>/dev/null | awk '/^```/ { code = !code } code' ;;
	esac | uncommented >"$tmp/code"
	prose "$1" | tr ' ,;.()' '\n' | sed -n 's/^_\([A-Za-z][A-Za-z_]*\)_$/\1/p' | sort -u >"$tmp/words"
	while read -r word; do
		case $word in int|errno|sizeof|test_hmm|uname|fork|malloc|mallopt|munmap|mmap|mprotect) continue ;; esac
		grep -qE "(^|[^A-Za-z])$word([^A-Za-z_]|$)" "$tmp/code" ||
			wrong "$1 speaks of $word, which nothing has that it shows"
	done <"$tmp/words"
}

# What a command's page says of options and JSON keys, and what the command has.
check_commands()
{
	for page in man/devthp-*.1.scd; do
		command=$(basename "$page" .1.scd)
		command=${command#devthp-}
		"$DEVTHP" "$command" --help | grep -o -e '^  --[a-z]*' | tr -d ' ' | sort -u >"$tmp/has"
		sed -n '/^# OPTIONS/,/^# JSON/s/^\*\(--[a-z]*\)\*.*/\1/p' "$page" | sort -u >"$tmp/says"
		differ "$page" option
		sources=cmd/$command.c
		case $command in
		probe) sources="$sources cmd/config.c" ;;
		cycle) sources="$sources cmd/cycle_show.c cmd/view.c" ;;
		esac
		# shellcheck disable=SC2086
		grep -hoE '(fact_(string|number|signed|hex|real|bool|null|object|list)|show_span|show_way)\("[a-z_]+"' $sources |
			sed 's/.*"\(.*\)"/\1/' | sort -u >"$tmp/has"
		# shellcheck disable=SC2086
		grep -q 'can ? "can"' $sources && printf 'can\ncannot\n' | sort -u - "$tmp/has" -o "$tmp/has"
		sed -n '/^# JSON/,/^# EXIT/p' "$page" | sed 's/\*[a-z_-]*\*([0-9])//g' |
			grep -o '\*[a-z_]*\*' | tr -d '*' | sort -u >"$tmp/says"
		differ "$page" 'JSON key'
	done
	"$DEVTHP" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort >"$tmp/has"
	ls man/devthp-*.1.scd | sed 's/.*devthp-\([a-z]*\).*/\1/' | sort >"$tmp/says"
	differ man/ command
}

differ()	# PAGE KIND
{
	[ -s "$tmp/has" ] || wrong "$1: nothing to compare with"
	comm -23 "$tmp/has" "$tmp/says" >"$tmp/untold"
	while read -r name; do
		wrong "$1 does not tell of the $2 $name"
	done <"$tmp/untold"
	comm -13 "$tmp/has" "$tmp/says" >"$tmp/untrue"
	while read -r name; do
		wrong "$1 tells of the $2 $name, which there is not"
	done <"$tmp/untrue"
}

# The example compiles as it stands.
check_example()
{
	awk '/^# / { here = /EXAMPLE/ } /^```/ { code = !code; next } here && code' \
		man/libdevthp.3.scd >"$tmp/example.c"
	[ -s "$tmp/example.c" ] || wrong "there is no example"
	"${CC:-cc}" -Iinclude -Wall -Wextra -Werror -fsyntax-only "$tmp/example.c" || wrong "the example does not compile"
}

# Each member of a backend has its row in the porting guide.
check_porting()
{
	guide=../docs/porting.md
	sed -n 's/^\t[a-z].*(\*\([a-z_]*\))(.*/\1/p' include/devthp_backend.h | sort >"$tmp/has"
	sed -n '/^## Member by member/,/^## Single/s/^| \(`.*`\) | .*/\1/p' $guide | cut -d '|' -f 1 |
		grep -o '`[a-z_]*`' | tr -d '`' | sort >"$tmp/says"
	differ $guide member
}

# The table of the rules: numbers and names of the header, statements of the library, and
# tests that there are. docs/ and selftests/ are not part of an installed lib/.
check_invariants()
{
	table=../docs/invariants.md
	sed -n '/^enum devthp_rule /,/^}/s/^\tDEVTHP_RULE_\([A-Z_]*\) = \([0-9]*\),.*/\2 \1/p' include/devthp.h |
		tr 'A-Z_' 'a-z-' >"$tmp/rules"
	sed -n '/^} catalogue/,/^};/s/^\t\t"\(.* .*\)",$/\1/p' src/rule_names.c >"$tmp/statements"
	paste -d '|' "$tmp/rules" "$tmp/statements" >"$tmp/has"
	sed -n 's/^| \([0-9]*\) | \([a-z-]*\) | \([^|]*\) |.*/\1 \2|\3/p' $table >"$tmp/says"
	[ "$(wc -l <"$tmp/has")" -ge 15 ] || wrong "the header has next to no rules"
	diff "$tmp/has" "$tmp/says" >"$tmp/diff" ||
		{ wrong "header and library (<), and $table (>) have other rules:"; cat "$tmp/diff" >&2; }
	grep '^| [0-9]' $table | cut -d '|' -f 6 | grep -o '[a-z_]*()' | sort -u >"$tmp/cases"
	while read -r name; do
		grep -q "^static void ${name%()}(void)" tests/test_rules.c ||
			wrong "$table names $name, which tests/test_rules.c has not"
	done <"$tmp/cases"
	grep '^| [0-9]' $table | cut -d '|' -f 7 | grep -o '`[a-z_]*`' | tr -d '`' | sort -u >"$tmp/programs"
	while read -r name; do
		grep -q 'scene\.h' "../selftests/$name.c" 2>/dev/null ||
			grep -q 'matrix\.h' "../selftests/$name.c" 2>/dev/null ||
			wrong "$table names the program $name, which applies no rules"
	done <"$tmp/programs"
	[ "$(grep -c '^| [0-9].*| `.*()` | `.*` |$' $table)" = "$(wc -l <"$tmp/has")" ] ||
		wrong "$table: a rule without a test"
}

# What was built from them: nothing to complain of. scdoc writes a paragraph macro at each
# end of a section, which is all that is not minded.
check_built()	# DIRECTORY
{
	[ -n "$(ls "$1")" ] || wrong "no page was built"
	mandoc -T lint -W warning "$1"/*.[13] | grep -v 'WARNING: skipping paragraph macro' >"$tmp/lint"
	[ ! -s "$tmp/lint" ] || { cat "$tmp/lint" >&2; status=1; }
	for page in $pages; do
		page=$(basename "$page" .scd)
		[ -s "$1/$page" ] || wrong "$page was not built"
	done
}

"check_$1" "${2-}"
exit $status
