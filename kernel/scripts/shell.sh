#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An interactive guest; the console is the terminal, ^A x ends QEMU.
. "$(dirname "$0")/lib.sh"
[ -t 0 ] || die "make shell needs a terminal."
dir=$("$top/kernel/scripts/results.sh" shell)
"$top/kernel/scripts/boot.sh" patched shell "$dir" infinity
