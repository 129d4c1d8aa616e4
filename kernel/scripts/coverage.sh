#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: which lines of the library, and of the series, does no test reach? Those
# of the library are library.txt in the results, as its unit tests leave them. Then every
# program runs on the coverage kernel, and what gcov says of the lines that the series
# adds becomes coverage.txt: the share that is reached of each file, and those that are
# not, each with the reason that kernel/unreached has for it. True if the tests passed,
# the share is at least the goal, and none is without a reason.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
. "$top/kernel/scripts/ktap.sh"
load_kernel coverage
alone check
scripts=$top/kernel/scripts
goal=95		# percent
gcov=${cross}gcov

# annotate GUEST: what gcov makes of the counts of that guest, the annotated text of all
# sources. It wants counts and notes in one place.
annotate()
{
	counts=$dir/$1/counts
	mkdir -p "$counts"
	tar -C "$counts" -xf "$dir/$1/coverage.tar" ||
		die "guest $1 handed out no counts, see $dir/$1/console.log"
	cd "$counts/$obj"
	find . -name '*.gcda' | while read -r file; do
		notes=${file%.gcda}.gcno
		ln -s "$obj/$notes" "$notes"
		"$gcov" -t -o "${file%/*}" "$file" 2>>"$dir/gcov.log"
	done
	cd "$top"
}

# The lines that the series has put into sources: "FILE NUMBER".
added()
{
	while read -r file; do
		case $file in
		*.[ch]) ;;
		*) continue ;;
		esac
		old=$source_dir/unpatched/$file
		[ -f "$old" ] || old=/dev/null
		diff -U0 "$old" "$tree/$file" | awk -v file="$file" '/^@@/ {
			split(substr($3, 2), at, ",")
			for (i = 0; i < (at[2] == "" ? 1 : at[2]); i++)
				print file, at[1] + i
		}'
	done <"$source_dir/touched"
}

dir=$("$scripts/results.sh" coverage)
good=true
say COVERAGE "the library's unit tests, see $dir/library.txt"
make -s -C "$top/lib" O="$build/host-lib" coverage >"$dir/library.txt" 2>"$dir/library.err" || good=false
grep 'the library$' "$dir/library.txt" || :
say COVERAGE "the tests in the guest, see $dir"
STATES=all "$scripts/guests.sh" coverage "$dir" 5400
"$scripts/judge-guests.sh" "$dir"
failures "$dir/guest.ktap"
parse "$dir/guest.ktap" || good=false

say COVERAGE "what gcov says"
for tar in "$dir"/*/coverage.tar; do
	annotate "$(basename "$(dirname "$tar")")"
done >"$dir/annotated"
added >"$dir/added"
awk -v tree="$tree/" -v goal=$goal -f "$scripts/coverage.awk" reasons="$top/kernel/unreached" \
	part=reasons "$top/kernel/unreached" part=added "$dir/added" part=annotated "$dir/annotated" \
	>"$dir/coverage.txt" || good=false
sed -n '/^$/q; p' "$dir/coverage.txt"
say COVERAGE "$dir/coverage.txt"
$good
