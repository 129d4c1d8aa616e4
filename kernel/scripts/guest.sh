#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest.sh KERNEL DIR SECONDS [OVERLAY [BASELINE]]: boot a guest that runs every
# test program, and judge it (judge.sh). Exit status true only if nothing failed.
. "$(dirname "$0")/lib.sh"
scripts=$top/kernel/scripts
tty=0
[ ! -t 1 ] || tty=1

"$scripts/boot.sh" "$1" check "$2" "$3" "${4:-}" | awk_as_it_comes -v tty=$tty -f "$scripts/tests.awk"
"$scripts/judge.sh" "$2" "${5:-/dev/null}"
