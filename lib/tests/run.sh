#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# run.sh BUILD PROGRAM...: run the unit tests and the checks that take a
# compiler; one KTAP stream, exit status 1 if anything failed. MAKE, CC, CXX and
# LDFLAGS come from the Makefile, and where the programs are built with sanitizers
# (SANITIZED, THREADS).
# shellcheck disable=SC2317 # functions are called by name, through attempt
set -u
build=$1
shift

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
number=0
failed=0

result()	# STATUS NAME
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		failed=1
		echo "not ok $number $2"
	fi
}

comment()	# a file's lines, as diagnosis
{
	sed 's/^/# /' "$1"
}

attempt()	# NAME COMMAND...
{
	name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		result 0 "$name"
	else
		comment "$tmp/log"
		result 1 "$name"
	fi
}

header_alone()	# COMPILER LANGUAGE STANDARD
{
	# shellcheck disable=SC2086
	$1 -x "$2" -std="$3" -pedantic -Wall -Wextra -Werror -fsyntax-only include/devthp_backend.h
}

# Install, and build a program against what was installed, as a user would.
consumer()	# COMPILER LANGUAGE
{
	root=$tmp/root
	$MAKE --no-print-directory install O="$build" DESTDIR="$root" PREFIX=/usr || return 1
	export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
	cat >"$tmp/consumer.$2" <<-C
		#include <devthp_backend.h>
		int main(void)
		{
			return !*devthp_version() || devthp_device_close(0) ||
			       devthp_backend_register(0) >= 0;
		}
	C
	# shellcheck disable=SC2046,SC2086
	$1 -Wall -Wextra -Werror $LDFLAGS "$tmp/consumer.$2" \
		$(pkg-config --cflags --libs devthp) -o "$tmp/consumer" &&
		LD_LIBRARY_PATH=$root/usr/lib "$tmp/consumer" || return 1
	# With the archive, without the shared library.
	# shellcheck disable=SC2046,SC2086
	$1 $LDFLAGS "$tmp/consumer.$2" $(pkg-config --static --cflags --libs devthp |
			sed 's/-ldevthp/-l:libdevthp.a/') -o "$tmp/consumer" &&
		"$tmp/consumer" && "$root/usr/bin/devthp" --version || return 1
	# A page for each function, if pages can be built here.
	command -v scdoc >/dev/null || return 0
	for name in $(sed -n 's/^ *\(devthp_[a-z_]*\);$/\1/p' libdevthp.map); do
		[ -s "$root/usr/share/man/man3/$name.3" ] || { echo "no page $name(3)"; return 1; }
	done
}

# Where nothing can be built, or would be installed elsewhere: a sentence, and nothing done.
places()
{
	for place in O= "O=$tmp/a b" "DESTDIR=$tmp/a b" PREFIX=usr "PREFIX=/a b" LIBDIR=lib MANDIR=man; do
		if $MAKE --no-print-directory -n O="$build" "$place" install >"$tmp/out" 2>"$tmp/err" ||
				! grep -q "\*\*\* .*${place%%=*}=" "$tmp/err"; then
			echo "$place"
			cat "$tmp/out" "$tmp/err"
			return 1
		fi
	done
}

# The skeleton of a backend compiles as it is, is found, and can do nothing yet.
skeleton()
{
	$MAKE --no-print-directory O="$tmp/skeleton" BACKEND=skeleton/mydriver.c CC="$CC" \
		LDFLAGS="$LDFLAGS" "$tmp/skeleton/devthp" || return 1
	"$tmp/skeleton/devthp" probe --device /dev/null >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] || return 1
	cat "$tmp/out" "$tmp/err"
	grep -q 'no huge pages\|^devthp: .*THP' "$tmp/err" ||
		{ grep -q '(mydriver)' "$tmp/out" && grep -q 'not supported' "$tmp/err"; }
}

# Two that run on any machine: data survive their ways.
other_backends()
{
	for backend in model skeleton/toy.c; do
		$MAKE --no-print-directory O="$tmp/skeleton" BACKEND=$backend CC="$CC" \
			LDFLAGS="$LDFLAGS" "$tmp/skeleton/devthp" || return 1
		"$tmp/skeleton/devthp" probe >"$tmp/out" 2>&1
		cat "$tmp/out"
		grep -q '^data  *good\|no huge page\|^devthp: .*THP' "$tmp/out" || return 1
	done
}

# Wrong use of the command: a sentence on stderr, nothing on stdout, status 2.
misuse()
{
	"$build/devthp" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 2 ] && [ ! -s "$tmp/out" ] && grep -q '^devthp: ' "$tmp/err"
}

lacking()
{
	"$build/devthp" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] && grep -q '^devthp: .*no device' "$tmp/err"
}

languages='c:c99 c:c11 c:gnu17 c++:c++98 c++:c++11 c++:c++20'
checks='consumer-c consumer-c++ places skeleton backends usage device json names commands example invariants porting built abi fuzz threads'
echo 'KTAP version 1'
# shellcheck disable=SC2086
echo "1..$(($# * 3 + $(echo $languages $checks | wc -w)))"

for program; do
	name=${program##*/}
	"$program" >"$tmp/log" 2>"$tmp/err"
	status=$?
	comment "$tmp/err"
	sed 's/^/  /' "$tmp/log"
	[ "$status" -le 1 ] || echo "# $name ended with status $status"
	result "$status" "$name"
done

# The same programs, watched: all of them at once, most of them wait most of the time.
watchers='sanitizers valgrind'
watch()	# WATCHER PROGRAM
{
	case $1 in
	sanitizers) "$SANITIZED/tests/$2" ;;
	valgrind) valgrind -q --error-exitcode=9 --leak-check=full \
			--errors-for-leak-kinds=definite,indirect,possible \
			--suppressions=tests/valgrind.supp "$build/tests/$2" ;;
	esac >"$tmp/$1.$2" 2>&1
	echo $? >"$tmp/$1.$2.status"
}

lacks()	# WATCHER: why it cannot be, on stdout
{
	if [ -z "${SANITIZED:-}" ]; then
		echo 'the programs are built with sanitizers'
	elif [ "$1" = valgrind ] && ! command -v valgrind >/dev/null; then
		echo 'valgrind is not installed'
	else
		return 1
	fi
}

for program; do
	for watcher in $watchers; do
		lacks $watcher >/dev/null || watch $watcher "${program##*/}" &
	done
done
wait
for watcher in $watchers; do
	for program; do
		name=${program##*/}
		if why=$(lacks $watcher); then
			result 0 "$name with $watcher # SKIP $why"
			continue
		fi
		status=$(cat "$tmp/$watcher.$name.status")
		[ "$status" -eq 0 ] || comment "$tmp/$watcher.$name"
		result "$status" "$name with $watcher"
	done
done
if [ -n "${THREADS:-}" ]; then
	attempt 'test_threads with the thread sanitizer' "$THREADS/tests/test_threads"
else
	result 0 'test_threads with the thread sanitizer # SKIP the programs are built with others'
fi
# Inputs that are kept, and some changes of them; fuzz/replay.c says how to have one again.
replay=${SANITIZED:-$build}/fuzz/replay
if [ -x "$replay" ]; then
	attempt 'all that parses, on kept and changed inputs' \
		"$replay" -r 2000 -o "$build/fuzz.crash" fuzz/corpus/*
	sed -n 's/^# //p' "$tmp/log" | sed 's/^/# /'
else
	result 0 'all that parses, on kept and changed inputs # SKIP there is no replay'
fi

for language in $languages; do
	compiler=$CC
	[ "${language%%:*}" = c ] || compiler=$CXX
	if ! command -v "${compiler%% *}" >/dev/null; then
		result 0 "header alone as ${language#*:} # SKIP no $compiler here"
		continue
	fi
	attempt "header alone as ${language#*:}" \
		header_alone "$compiler" "${language%%:*}" "${language#*:}"
done

for language in c c++; do
	compiler=$CC
	[ $language = c ] || compiler=$CXX
	lacks=$(for need in pkg-config "${compiler%% *}"; do
		command -v "$need" >/dev/null || echo "$need"
	done)
	name="a program in $language against the installed library"
	if [ -z "$lacks" ]; then
		attempt "$name" consumer "$compiler" $language
	else
		result 0 "$name # SKIP no $(echo $lacks) here"
	fi
done

attempt 'places that cannot be are refused' places
attempt 'the skeleton of a backend' skeleton
attempt 'a model and a toy as backends' other_backends

wrong=0
for words in '' nothing 'cycle --folios=0' 'cycle --folios=x' 'cycle --unmap' 'cycle more' \
	'cycle --nothing' 'probe more' 'map' 'map x' 'map 1 2-1' 'map 1 2 3' 'check' \
	'check --nothing' 'check 0' 'check 1 1000-1001' 'cycle --unmap=x' 'cycle --touch=x' \
	'bench more' 'bench --instruction=0' 'probe --device'; do
	# shellcheck disable=SC2086
	misuse $words || { wrong=1; echo "# devthp $words"; comment "$tmp/err"; }
done
result "$wrong" 'wrong use of the command'

attempt 'the commands with --json' sh tests/json.sh "$build/devthp"

attempt 'man pages and headers name the same' sh tests/man.sh names
attempt 'man pages and commands have the same options and keys' \
	env DEVTHP="$build/devthp" sh tests/man.sh commands
attempt 'the example of the man page' env CC="$CC" sh tests/man.sh example
attempt 'the table of the rules' sh tests/man.sh invariants
attempt 'the table of a backend in the porting guide' sh tests/man.sh porting
lacks=$(for need in scdoc mandoc; do command -v $need >/dev/null || echo $need; done)
if [ -z "$lacks" ]; then
	attempt 'man pages, linted' sh tests/man.sh built "$build/man"
else
	result 0 "man pages, linted # SKIP no $(echo $lacks) here"
fi

sh tests/abidiff.sh check "$build"/libdevthp.so.[0-9]* >"$tmp/log" 2>&1
case $? in
4) result 0 "the ABI is that of the baseline # SKIP $(tail -n 1 "$tmp/log")" ;;
0) result 0 'the ABI is that of the baseline' ;;
*) comment "$tmp/log"; result 1 'the ABI is that of the baseline' ;;
esac

if [ -e /dev/hmm_dmirror3 ]; then
	result 0 'a missing device is named # SKIP this machine has them all'
elif [ ! -e /sys/kernel/mm/transparent_hugepage ]; then
	result 0 'a missing device is named # SKIP this kernel has no huge pages'
else
	attempt 'a missing device is named' lacking cycle --device /dev/hmm_dmirror3
fi
exit $failed
