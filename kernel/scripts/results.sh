#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# results.sh NAME: make the next numbered directory of build/results, print its path. In
# it, "versions" says what the results are of, in lines of a word and what it means here.
. "$(dirname "$0")/lib.sh"
load_arch
results=$build/results
mkdir -p "$results"
number=$(cat "$results/last" 2>/dev/null || :)
number=${number:-0}
while :; do
	number=$((number + 1))
	dir=$results/$(printf '%04d' $number)-$1
	! mkdir "$dir" 2>/dev/null || break
	[ -d "$dir" ] || die "cannot make $dir"
done
echo $number >"$results/last"
{
	echo "date $(date -u +%Y-%m-%dT%H:%M:%SZ)"
	echo "commit $(git -C "$top" describe --always --dirty 2>/dev/null || echo unknown)"
	echo "arch $ARCH"
	sed 's/^/kernel /' "$source_dir/origin" 2>/dev/null || :
	echo "series $(grep -c '^[^#]' "$series_dir/series") patches, digest $(tail -n 1 "$source_dir/patched.stamp" 2>/dev/null || echo none)"
	for k in $kernels; do
		config=$arch_dir/$k/obj/.config
		[ -f "$config" ] && [ -f "$arch_dir/$k/fragments" ] || continue
		echo "config $k $(digest "$config") of $(cat "$arch_dir/$k/fragments")"
	done
	sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/compiler \1/p' "$arch_dir/patched/obj/.config" 2>/dev/null || :
	echo "emulator $("$qemu" --version 2>/dev/null | sed -n 1p)"
	echo "accel $(cat "$build/$ARCH/accel" 2>/dev/null || echo none)"
	echo "machine $(uname -srm), $(nproc) processors"
} >"$dir/versions"
echo "$dir"
