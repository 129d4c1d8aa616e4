#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh KERNEL: pack busybox, our static programs and the module. The
# kernel's gen_init_cpio makes device nodes in the archive, so no root is needed.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel "$1"

list=$kernel_dir/initramfs.list
tests=$kernel_dir/tests.list
image_file=$kernel_dir/initramfs.cpio

# What the guest runs, in this order: our selftests, then the kernel's own, with huge
# pages where they are asked for and everywhere. With a budget it begins at the end, where
# those are that kernel/arch wants first.
selftests=$(sed -n 's,^devthp:,devthp/,p' "$arch_dir/selftests/kselftest-list.txt")
[ -n "$selftests" ] || die "selftests/ names no program to run."
# shellcheck disable=SC2154
printf '%s\n' $selftests hmm-tests hmm-tests-thp |
	awk -v first="$check_first" '
		BEGIN { n = split(first, name); for (i in name) wanted[name[i]] }
		{ base = $0; sub(".*/", "", base) }
		base in wanted { line[base] = $0; next }
		{ print }
		END { for (i = n; i; i--) if (name[i] in line) print line[name[i]] }' |
	grep -e "$programs_like" >"$tests"

{
	for d in /bin /dev /guest /lib /proc /root /sys /tests /tests/devthp /tmp; do
		echo "dir $d 755 0 0"
	done
	echo "nod /dev/console 600 0 0 c 5 1"
	echo "file /init $top/kernel/guest/init 755 0 0"
	for f in "$top"/kernel/guest/*; do
		echo "file /guest/${f##*/} $f 644 0 0"
	done
	echo "file /guest/splat.grep $top/kernel/scripts/splat.grep 644 0 0"
	echo "file /bin/busybox $busybox 755 0 0"
	echo "file /bin/devthp $arch_dir/lib/devthp 755 0 0"
	for module in $(needed module); do
		echo "file /lib/${module##*/} $obj/$module 644 0 0"
	done
	echo "file /tests.list $tests 644 0 0"
	echo "file /tests/hmm-tests $kernel_dir/hmm-tests 755 0 0"
	echo "file /tests/hmm-tests-thp $top/kernel/guest/hmm-tests-thp 755 0 0"
	cd "$arch_dir/selftests"
	find devthp -mindepth 1 -type d | while read -r d; do
		echo "dir /tests/$d 755 0 0"
	done
	find devthp -type f | while read -r f; do
		echo "file /tests/$f $arch_dir/selftests/$f $(stat -c %a "$f") 0 0"
	done
} >"$list"

"$obj/usr/gen_init_cpio" -t 0 "$list" >"$image_file.new" ||
	die "the initramfs could not be packed."
if cmp -s "$image_file.new" "$image_file"; then
	rm "$image_file.new"
else
	mv "$image_file.new" "$image_file"
	say PACK "initramfs of the $kernel kernel"
fi
