#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# judge-guests.sh DIR [BASELINE]: judge what guests.sh left in DIR, as judge.sh does each
# guest; the result of all as KTAP is DIR/guest.ktap.
. "$(dirname "$0")/lib.sh"
. "$top/kernel/scripts/ktap.sh"
dir=$1
guests=$(cd "$dir" && echo [0-9]*)
count=${guests##* }

for guest in $guests; do
	"$top/kernel/scripts/judge.sh" "$dir/$guest" "${2:-/dev/null}" >"$dir/$guest/judged" || :
done

# A program that no guest had would not be missed otherwise.
sort_programs()
{
	sed -e "s, *#.*,," -e "s,.*/,," -e "s, prints no case\$,," | sort
}

sort_programs <"$dir/programs" >"$dir/programs.wanted"
for guest in $guests; do
	sed -nE "s/^(not )?ok [0-9]+ //p" "$dir/$guest/tests.log" | grep -vE "^(test_hmm|counters are) "
done | sort_programs >"$dir/programs.run"

{
	echo "KTAP version 1"
	echo "1..$((count + 1))"
	for guest in $guests; do
		suite "$guest" "guest $guest of $count" "$dir/$guest/guest.ktap"
	done
	if diff "$dir/programs.wanted" "$dir/programs.run" >"$dir/programs.diff"; then
		echo "ok $((count + 1)) each program had its turn in one guest"
	else
		echo "not ok $((count + 1)) each program had its turn in one guest"
		sed "s/^/# /" "$dir/programs.diff"
	fi
} >"$dir/guest.ktap"
