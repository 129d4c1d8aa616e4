#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What needs cgroup v1 has a guest of its own: a kernel that gives the memory controller from
# one version to the other warns of counters, with or without the series.
. "$(dirname "$0")/common/tap.sh"
export V=

printf 'devthp/%s\n' charge_moves coherent_charge_moves >"$dir/tests.list"
echo "file /tests.list $dir/tests.list 644 0 0" >"$dir/overlay.list"
"$BUILD/$ARCH/patched/obj/usr/gen_init_cpio" "$dir/overlay.list" >"$dir/overlay.cpio"

boot()
{
	GUEST_ARGS=$1 "$scripts/guest.sh" patched "$dir/guest" 300 "$dir/overlay.cpio"
}

plan 2
expect 0 " 0 failed, 0 skipped" "charges move along with a process" boot devthp.cgroup=v1
expect 1 "no memory controller of cgroup v1 is mounted" "without it they say so" boot ""
$all_passed
