#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guests.sh KERNEL DIR SECONDS: run every test program, in two guests side by side where
# the machine has the processors and the memory: most programs keep one processor busy.
# Each guest has every second program, and what it leaves in DIR/1 and DIR/2; no verdict
# here: judge-guests.sh. SHARD=N/M leaves all but every Mth program to other machines.
# STATES says in which states of memory: all, the typical ones, or few. It and BUDGET are what
# kernel/arch has if they are not given. What a guest's kernel has said something of runs
# no more programs there.
. "$(dirname "$0")/lib.sh"
load_kernel "$1"
scripts=$top/kernel/scripts
dir=$2
available=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
guests="1 2"
if [ "$jobs" -lt 2 ] || [ "$available" -lt $((2 * ${memory%G} + 2)) ]; then
	guests=1
fi
count=${guests##* }
states=$(states_given)
budget=$(budget_given)
shard=$(shard_given)
choice="devthp.shard=$shard devthp.states=$states devthp.splat=stop ${budget:+devthp.budget=$budget}"

mkdir -p "$dir"
of_shard "$shard" <"$kernel_dir/tests.list" >"$dir/programs"
for guest in $guests; do
	GUEST_ARGS="devthp.share=$guest/$count $choice ${GUEST_ARGS:-}" \
		"$scripts/boot.sh" "$kernel" check "$dir/$guest" "$3" | awk_as_it_comes -f "$scripts/tests.awk" &
done
wait
