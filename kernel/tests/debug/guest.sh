#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Guests whose kernel has something to say that only the debug kernel sees.
. "$(dirname "$0")/../common/tap.sh"
. "$top/kernel/tests/common/stub.sh"
export V=
kernel=debug
limit=120

plan 4
echo "$passing" | overlay
expect 0 "8 passed, 0 failed, 0 skipped" "a guest with a passing program" guest

# The kernel's own sample leaks when it is loaded; only the scan can tell.
printf '%s\n' '#!/bin/sh' 'insmod /lib/leak.ko; echo 1..1; echo ok 1 a' |
	overlay "file /lib/leak.ko $BUILD/$ARCH/debug/obj/samples/kmemleak/kmemleak-test.ko 644 0 0"
expect 1 "FAILED   kmemleak finds leaks" "a leak" guest

printf '%s\n' '#!/bin/sh' 'echo off >/sys/kernel/debug/kmemleak; echo 1..1; echo ok 1 a' | overlay
expect 1 "FAILED   kmemleak finds leaks: unknown" "a leak detector that is off" guest

printf '%s\n' '#!/bin/sh' 'echo READ_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT; echo 1..1; echo ok 1 a' | overlay
expect 1 "KASAN: " "a use after free" guest
$all_passed
