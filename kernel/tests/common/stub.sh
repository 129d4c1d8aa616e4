# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# Guests of $kernel with one program of ours, by the path that make check takes.

# overlay [LINE...]: an archive to lay over the initramfs, with the program on
# stdin as its only test and whatever else gen_init_cpio is told in LINEs.
overlay()
{
	cat >"$dir/stub"
	echo stub >"$dir/tests.list"
	printf '%s\n' "file /tests/stub $dir/stub 755 0 0" "file /tests.list $dir/tests.list 644 0 0" \
		"$@" >"$dir/overlay.list"
	"$BUILD/$ARCH/patched/obj/usr/gen_init_cpio" "$dir/overlay.list" >"$dir/overlay.cpio"
}

guest()
{
	"$scripts/guest.sh" "$kernel" "$dir/guest$number" "$limit" "$dir/overlay.cpio"
}

passing='#!/bin/sh
echo "TAP version 13"
echo "1..1"
echo "ok 1 fine"'
