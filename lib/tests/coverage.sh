#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# coverage.sh BUILD [GCOV]: run the unit tests of a library that was built there with
# --coverage, and print which of its lines none of them reaches: of each file the share
# that is reached, then those lines. What only a kernel can bring about is tried in a guest.
set -eu
build=$1
gcov=${2:-gcov}

find "$build" -name '*.gcda' -exec rm -f {} +
for program in "$build"/tests/test_*; do
	case $program in
	*.o|*.d|*.gcno|*.gcda) continue ;;
	esac
	"$program" >"$program.log" 2>&1 || {
		echo "coverage.sh: ${program##*/} failed, see $program.log" >&2
		exit 1
	}
done

for source in src/*.c; do
	"$gcov" -t -o "$build/src" "$build/${source%.c}.gcda"
done | awk '
	/^ *-: *0:Source:/ { source = $0; sub(/.*:Source:/, "", source); next }
	source !~ /^src\// || !match($0, /^ *[^ :]+: *[0-9]+:/) { next }
	{ split($0, field, ":"); gsub(/ /, "", field[1]); gsub(/ /, "", field[2]) }
	field[1] == "-" { next }
	{ key = source ":" field[2]; if (!(key in text)) order[++n] = key
	  text[key] = substr($0, RLENGTH + 1) }
	field[1] !~ /^[#=]/ { reached[key] = 1 }
	END {
		for (i = 1; i <= n; i++) {
			s = order[i]
			sub(/:.*/, "", s)
			if (!(s in all))
				files[++f] = s
			all[s]++
			if (order[i] in reached) {
				hit[s]++
				total++
			}
		}
		print "lines  reached  share  file"
		for (i = 1; i <= f; i++)
			printf "%5d  %7d  %4d %%  %s\n", all[files[i]], hit[files[i]],
				100 * hit[files[i]] / all[files[i]], files[i]
		printf "%5d  %7d  %4d %%  the library\n\n", n, total, n ? 100 * total / n : 0
		for (i = 1; i <= n; i++)
			if (!(order[i] in reached))
				print order[i] ":" text[order[i]]
		exit !n
	}'
