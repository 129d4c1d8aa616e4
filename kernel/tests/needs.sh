#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What selftests/needs says is what a guest gets; a line that is none is told. QEMU is a
# stub here.
. "$(dirname "$0")/common/tap.sh"
export NEEDS="$dir/needs" ACCEL=none
mkdir -p "$dir/stubs"
printf '#!/bin/sh\nprintf "<%%s>\\n" "$@"\n' | tee "$dir/stubs/qemu-system-x86_64" >"$dir/stubs/qemu-system-aarch64"
chmod +x "$dir"/stubs/*

needs()
{
	printf '%b\n' "$@" >"$dir/needs"
}

# What QEMU is asked for, by the guest of a kernel.
boot()
{
	PATH="$dir/stubs:$PATH" "$scripts/boot.sh" "$1" probe "$dir/guest" 10
}

arguments()
{
	PATH="$dir/stubs:$PATH" "$scripts/boot.sh" "$1" probe "$dir/guest" 10 |
		sed -n 's/.*\(reserve.*\) devthp.job.*/\1/p'
}

told_of_lacks()
{
	PATH="$dir/stubs:$PATH" "$scripts/boot.sh" patched probe "$dir/guest" 10 | grep -o 'devthp.lacks=.*[^>]'
}

plan 11
needs "# comment" "" "memory all 7G" "processors\tall\t3" "memory debug 9G" "argument all reserve=1\$2" \
	"argument $ARCH here" "argument elsewhere there" "argument debug more"
expect 0 "<7G>" "memory" boot patched
expect 0 "<9G>" "memory of another kernel" boot debug
expect 0 "<3,sockets=3>" "processors" boot patched
expect 0 "reserve=1\$2 here" "arguments, and no others" arguments patched
expect 0 "reserve=1\$2 here more" "arguments of another kernel" arguments debug
expect 1 "" "what the machine lacks, when it lacks nothing" told_of_lacks
needs "memory all 7G" "processors all 1" "lacks $ARCH this" "lacks elsewhere that" "lacks all more"
expect 0 "devthp.lacks=this,more" "what the machine lacks" told_of_lacks
needs "memory all 7G" "" "memroy all 7G"
expect 1 "needs:3: this is not WORD WHERE VALUE" "a word that is none" boot patched
needs "memory all 7G" "memory 7G"
expect 1 "needs:2: this is not WORD WHERE VALUE" "a line with no place" boot patched
needs "memory all 7 G"
expect 1 "needs:1: this is not WORD WHERE VALUE" "a line with too much" boot patched
rm "$dir/needs"
expect 1 "cannot be used" "a list that is not there" boot patched
$all_passed
