#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Choose QEMU's accelerator by booting with it: a device that exists may still
# never get a guest going. The answer is kept until the machine changes.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel patched

answer=$arch_dir/accel
key="$(uname -nr) $("$qemu" --version | sed -n 1p) $(ls -l /dev/kvm 2>/dev/null || :)"
if [ -s "$answer" ] && up_to_date "$answer.stamp" "$key"; then
	exit 0
fi
rm -f "$answer" "$answer.stamp"

for accel in $accelerators; do
	case $accel in
	kvm) [ -w /dev/kvm ] || continue; limit=15 ;;
	*) limit=120 ;;
	esac
	dir=$arch_dir/probe-${accel%%,*}
	ACCEL=$accel "$top/kernel/scripts/boot.sh" patched probe "$dir" $limit >/dev/null
	if grep -qx 'exit 0' "$dir/status" 2>/dev/null; then
		say ACCEL "$accel"
		echo "$accel" >"$answer"
		stamp "$answer.stamp" "$key"
		exit 0
	fi
	say ACCEL "$accel gives no guest here ($(cat "$dir/end"))"
done
tail -n 20 "$dir/console.log" "$dir/qemu.log" >&2 || :
die "the kernel boots with none of: $accelerators"
