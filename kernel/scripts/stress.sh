#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# stress.sh KERNEL: random operations in a guest for MINUTES, judge the guest. What is
# found is in the results' tests.log, as lists to replay.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
. "$top/kernel/scripts/ktap.sh"
scripts=$top/kernel/scripts
load_kernel "$1"
minutes=$(minutes_given 30)

# Besides the stress itself: boot, a last round that began just in time, and what it
# finds being minimised.
limit=$((minutes * 60 / slowness + 1800))

dir=$("$scripts/results.sh" stress)
say STRESS "$minutes minutes on the $kernel kernel, see $dir"
GUEST_ARGS="devthp.minutes=$minutes" "$scripts/boot.sh" $kernel stress "$dir" $limit |
	sed -n 's/^# \(round .*\)/  STRESS   \1/p'
"$scripts/judge.sh" "$dir"
