#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make build/source/probe from build/source/unpatched and the first patch of the series,
# which is the probe, at fuzz 0.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel probe

patch_file=$series_dir/$(series_patches | head -n 1)
key=$(cat "$source_dir/origin"; digest "$patch_file")
if up_to_date "$tree.stamp" "$key" && [ -d "$tree" ]; then
	exit 0
fi
rm -rf "$tree" "$tree.new" "$tree.stamp"
cp -al "$source_dir/unpatched" "$tree.new"
patch -d "$tree.new" -p1 -s -F0 <"$patch_file" >"$build/log/patch-probe.log" 2>&1 || {
	cat "$build/log/patch-probe.log" >&2
	die "$(basename "$patch_file") does not apply to Linux $(sed -n 's/^release //p' "$source_dir/origin") (fuzz 0)."
}
mv "$tree.new" "$tree"
say PATCH "$(basename "$patch_file") alone"
stamp "$tree.stamp" "$key"
