#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# baseline.sh KERNEL LIST DIR SECONDS [OVERLAY]: run the programs of LIST on a kernel to
# compare with, in few states of memory, as what it lacks it lacks in all of them. It has
# bugs that programs of ours are about: if it dies of one, that is the program's result,
# and those behind it have another boot. In DIR are then tests.log, of all boots; end,
# which is empty if all had their turn, or else says why not; and a directory for each
# boot. OVERLAY is as for boot.sh.
. "$(dirname "$0")/lib.sh"
load_kernel "$1"
dir=$3
rest=$dir/rest
mkdir -p "$dir"
cp "$2" "$rest"
: >"$dir/tests.log"
boot=0

# What is left to do, laid over the rest.
pack()
{
	echo "file /tests.list $rest 644 0 0" >"$dir/overlay.list"
	{
		[ -z "$1" ] || cat "$1"
		"$obj/usr/gen_init_cpio" -t 0 "$dir/overlay.list"
	} >"$dir/overlay.cpio"
}

# The first of the programs that has no result in that stream.
unfinished()
{
	awk 'NR == FNR { if (sub(/^(not )?ok [0-9]+ /, "")) { sub(/ *#.*/, ""); ran[$0] } next }
	     { name = $0; sub(/.*\//, "", name); if (!(name in ran)) { print; exit } }' "$1" "$rest"
}

while [ -s "$rest" ]; do
	boot=$((boot + 1))
	pack "${5:-}"
	GUEST_ARGS="devthp.states=few ${GUEST_ARGS:-}" \
		"$top/kernel/scripts/boot.sh" "$kernel" check "$dir/$boot" "$4" "$dir/overlay.cpio" >/dev/null
	cat "$dir/$boot/tests.log" >>"$dir/tests.log"
	! grep -q '^exit ' "$dir/$boot/status" || break
	program=$(unfinished "$dir/$boot/tests.log")
	case $program in
	devthp/*) ;;
	*)	# It is not ours that it died of, or of none.
		"$top/kernel/scripts/verdict.sh" "$dir/$boot" >"$dir/end" || :
		exit ;;
	esac
	echo "not ok 0 ${program#devthp/} # the kernel died" >>"$dir/tests.log"
	awk -v died="$program" 'behind; $0 == died { behind = 1 }' "$rest" >"$rest.new"
	mv "$rest.new" "$rest"
done
rm "$dir/overlay.cpio"
: >"$dir/end"
