#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guests.sh KERNEL DIR SECONDS [BASELINE]: run every test program, in two guests
# side by side where the machine has the processors and the memory: most programs
# keep one processor busy. Each guest has every second program, and its results in
# DIR/1 and DIR/2; those of both are DIR/guest.ktap. SHARD=N/M leaves all but every
# Mth program to other machines. What a guest's kernel has said something of runs no
# more programs there.
. "$(dirname "$0")/lib.sh"
. "$top/kernel/scripts/ktap.sh"
load_kernel "$1"
scripts=$top/kernel/scripts
dir=$2
available=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
guests="1 2"
if [ "$jobs" -lt 2 ] || [ "$available" -lt $((2 * ${memory%G} + 2)) ]; then
	guests=1
fi
count=${guests##* }
case ${STATES:-all} in
all|typical) ;;
*) die "STATES=$STATES is neither all nor typical." ;;
esac
case ${BUDGET:-} in
*[!0-9]*|0*) die "BUDGET=$BUDGET is no number of minutes." ;;
esac

shard=$(shard_given)
choice="devthp.shard=$shard devthp.states=${STATES:-all} devthp.splat=stop ${BUDGET:+devthp.budget=$BUDGET}"

# one_guest NUMBER SECONDS BASELINE: what failed in it is told when all have ended.
one_guest()
{
	GUEST_ARGS="devthp.share=$1/$count $choice ${GUEST_ARGS:-}" \
		"$scripts/boot.sh" "$kernel" check "$dir/$1" "$2" | awk -f "$scripts/tests.awk"
	"$scripts/judge.sh" "$dir/$1" "$3" >"$dir/$1/judged"
}

for guest in $guests; do
	one_guest "$guest" "$3" "${4:-/dev/null}" &
done
wait

# A program that no guest had would not be missed otherwise.
sort_programs()
{
	sed -e "s, *#.*,," -e "s,.*/,," -e "s, prints no case\$,," | sort
}

of_shard "$shard" <"$kernel_dir/tests.list" | sort_programs >"$dir/programs"
for guest in $guests; do
	sed -nE "s/^(not )?ok [0-9]+ //p" "$dir/$guest/tests.log" | grep -vE "^(test_hmm|counters are) "
done | sort_programs >"$dir/programs.run"

{
	echo "KTAP version 1"
	echo "1..$((count + 1))"
	for guest in $guests; do
		suite "$guest" "guest $guest of $count" "$dir/$guest/guest.ktap"
	done
	if diff "$dir/programs" "$dir/programs.run" >"$dir/programs.diff"; then
		echo "ok $((count + 1)) each program had its turn in one guest"
	else
		echo "not ok $((count + 1)) each program had its turn in one guest"
		sed "s/^/# /" "$dir/programs.diff"
	fi
} >"$dir/guest.ktap"
