#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutant.sh build NAME DIR | boot DIR
# build: a kernel with that fault of kernel/mutants in it, without CONFIG_DEBUG_VM; image,
# modules, and the list of programs, are left in DIR. Prints "useless WORDS" if the patch
# does not apply, or compile.
# boot: run the selftests on it up to the first that fails, and print who noticed, as
# noticed.sh has it. The programs that the patch names as its killers come first; where
# kernel/arch says so, no others do.
. "$(dirname "$0")/lib.sh"
load_kernel mutant

build_it()
{
	patch_file=$top/kernel/mutants/$1.patch
	rm -rf "$dir"
	mkdir -p "$dir"
	patch -d "$tree" -p1 -s -F0 --dry-run <"$patch_file" >"$dir/patch.log" 2>&1 || {
		echo "useless: it does not apply"
		return
	}
	# What is in the tree is known there until it is out again: see mutants.sh.
	cp "$patch_file" "$tree.fault"
	trap 'patch -d "$tree" -p1 -s -R <"$patch_file" && rm "$tree.fault"' EXIT
	trap 'exit 1' HUP INT TERM
	patch -d "$tree" -p1 -s -F0 <"$patch_file"
	# shellcheck disable=SC2154
	kmake -s -j"$jobs" $image_target modules </dev/null >"$dir/build.log" 2>&1 || {
		echo "useless: it does not compile, see $dir/build.log"
		return
	}
	pack
}

# Another fault is compiled while this one's guest runs: all of it is in DIR.
pack()
{
	cp "$obj/$image" "$dir/image"
	{
		for program in $(sed -n 's/^killers: //p' "$patch_file"); do
			echo "devthp/$program"
		done
		[ "$mutants_by" = killers ] || cat "$kernel_dir/tests.list"
	} | awk '!seen[$0]++' >"$dir/tests.list"
	echo "file /tests.list $dir/tests.list 644 0 0" >"$dir/overlay.list"
	for module in $(needed module); do
		cp "$obj/$module" "$dir"
		echo "file /lib/${module##*/} $dir/${module##*/} 644 0 0"
	done >>"$dir/overlay.list"
	"$obj/usr/gen_init_cpio" -t 0 "$dir/overlay.list" >"$dir/overlay.cpio"
}

boot_it()
{
	for try in 1 2; do
		IMAGE=$dir/image GUEST_ARGS="devthp.states=typical devthp.stop=1 devthp.limit=200" \
			"$top/kernel/scripts/boot.sh" mutant check "$dir" 1800 "$dir/overlay.cpio" >/dev/null
		noticed=$("$top/kernel/scripts/noticed.sh" "$dir")
		case "$try $noticed" in
		"1 no boot"*) ;;
		*) break ;;
		esac
	done
	rm "$dir/overlay.cpio" "$dir/image" "$dir"/*.ko
	echo "$noticed"
}

case $1 in
build)
	dir=$3
	build_it "$2" ;;
boot)
	dir=$2
	boot_it ;;
*) die "a mutant can be built or booted, not \"$1\"." ;;
esac
