#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# programs.sh lib | selftests | hmm-tests KERNEL: build what runs in the guest, static.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel "${2:-patched}"

build_lib()
{
	logged "$arch_dir/lib.log" \
		make -C "$top/lib" O="$arch_dir/lib" STATIC=1 ARCH="$ARCH" \
		CROSS_COMPILE="$cross" CC="$cc" || die "lib/ does not build."
}

# By the rules of a kernel tree: selftests/ is put into one and built there.
build_selftests()
{
	rsync -a --delete "$top/selftests/" "$tree/tools/testing/selftests/devthp/"
	rm -rf "$arch_dir/selftests"
	logged "$arch_dir/selftests.log" \
		make -j"$jobs" -C "$tree/tools/testing/selftests" TARGETS=devthp FORCE_TARGETS=1 \
		O="$obj" KSFT_INSTALL_PATH="$arch_dir/selftests" DEVTHP_LIB="$top/lib" STATIC=1 \
		ARCH="$ARCH" CROSS_COMPILE="$cross" CC="$cc" install ||
		die "selftests/ does not build."
}

build_hmm_tests()
{
	source=$tree/tools/testing/selftests/mm/hmm-tests.c
	key=$(cat "$kernel_dir/build.stamp")
	! up_to_date "$kernel_dir/hmm-tests.stamp" "$key" || return 0
	# shellcheck disable=SC2086
	logged "$kernel_dir/hmm-tests.log" \
		$cc -O2 -static -D_GNU_SOURCE= -isystem "$obj/usr/include" \
		-I "$tree" -o "$kernel_dir/hmm-tests" "$source" ||
		die "hmm-tests of the $kernel kernel does not build."
	stamp "$kernel_dir/hmm-tests.stamp" "$key"
}

case $1 in
lib) build_lib ;;
selftests) build_selftests ;;
hmm-tests) build_hmm_tests ;;
*) die "there is no program \"$1\" to build." ;;
esac
