#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# results.sh NAME: make the next numbered directory of build/results, print its path.
. "$(dirname "$0")/lib.sh"
results=$build/results
mkdir -p "$results"
number=$(($(cat "$results/last" 2>/dev/null || echo 0) + 1))
echo $number >"$results/last"
dir=$results/$(printf '%04d' $number)-$1
mkdir "$dir"
{
	echo "date $(date -u +%Y-%m-%dT%H:%M:%SZ)"
	echo "commit $(git -C "$top" describe --always --dirty 2>/dev/null || echo unknown)"
	echo "arch $ARCH"
	sed 's/^/kernel /' "$source_dir/origin" 2>/dev/null || :
	echo "accel $(cat "$build/$ARCH/accel" 2>/dev/null || echo none)"
	echo "machine $(uname -srm), $(nproc) processors"
} >"$dir/versions"
echo "$dir"
