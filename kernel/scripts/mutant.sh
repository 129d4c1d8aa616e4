#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutant.sh NAME DIR: build the kernel with that fault of kernel/mutants in it, without
# CONFIG_DEBUG_VM, run the selftests up to the first that fails, and print who noticed,
# as noticed.sh has it, or "useless WORDS" if it does not apply, or compile. The programs
# that the patch names as its killers come first; where kernel/arch says so, no others do.
. "$(dirname "$0")/lib.sh"
load_kernel mutant
patch_file=$top/kernel/mutants/$1.patch
dir=$2
rm -rf "$dir"
mkdir -p "$dir"

patch -d "$tree" -p1 -s -F0 --dry-run <"$patch_file" >"$dir/patch.log" 2>&1 || {
	echo "useless: it does not apply"
	exit
}
# What is in the tree is known there until it is out again: see mutants.sh.
cp "$patch_file" "$tree.fault"
trap 'patch -d "$tree" -p1 -s -R <"$patch_file" && rm "$tree.fault"' EXIT
trap 'exit 1' HUP INT TERM
patch -d "$tree" -p1 -s -F0 <"$patch_file"
# shellcheck disable=SC2154
kmake -s -j"$jobs" $image_target modules </dev/null >"$dir/build.log" 2>&1 || {
	echo "useless: it does not compile, see $dir/build.log"
	exit
}

killers=$(sed -n 's/^killers: //p' "$patch_file")
{
	for program in $killers; do
		echo "devthp/$program"
	done
	[ "$mutants_by" = killers ] || cat "$kernel_dir/tests.list"
} | awk '!seen[$0]++' >"$dir/tests.list"
{
	echo "file /tests.list $dir/tests.list 644 0 0"
	for module in $(needed module); do
		echo "file /lib/${module##*/} $obj/$module 644 0 0"
	done
} >"$dir/overlay.list"
"$obj/usr/gen_init_cpio" -t 0 "$dir/overlay.list" >"$dir/overlay.cpio"
for try in 1 2; do
	GUEST_ARGS="devthp.states=typical devthp.stop=1 devthp.limit=200" \
		"$top/kernel/scripts/boot.sh" mutant check "$dir" 1800 "$dir/overlay.cpio" >/dev/null
	noticed=$("$top/kernel/scripts/noticed.sh" "$dir")
	case "$try $noticed" in
	"1 no boot"*) ;;
	*) break ;;
	esac
done
rm "$dir/overlay.cpio"
echo "$noticed"
