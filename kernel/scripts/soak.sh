#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh: run the concurrent programs on the debug kernel for MINUTES, judge the guest.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
. "$top/kernel/scripts/ktap.sh"
scripts=$top/kernel/scripts
load_kernel debug
minutes=$(minutes_given 30)

# Besides the soak itself: boot, a last round that began just in time, the scan.
limit=$((minutes * 60 / slowness + 900))

dir=$("$scripts/results.sh" soak)
say SOAK "$minutes minutes on the $kernel kernel, see $dir"
GUEST_ARGS="devthp.minutes=$minutes" "$scripts/boot.sh" $kernel soak "$dir" $limit |
	sed -n 's/^# \(round .*\)/  SOAK     \1/p'
"$scripts/judge.sh" "$dir"
