#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh [all]: remove what was built; with "all" the whole build directory.
. "$(dirname "$0")/lib.sh"

[ -d "$build" ] || exit 0
alone build
[ -f "$build/.devthp" ] || [ "$build" = "$top/build" ] ||
	die "$build does not look like a build directory of devthp; not removing it."
if [ "${1:-}" = all ]; then
	rm -rf "$build"
else
	for arch in "$top"/kernel/arch/*.sh; do
		rm -rf "${build:?}/$(basename "$arch" .sh)"
	done
	for made in host-lib lib log results series mutants portable newer download; do
		rm -rf "${build:?}/$made"
	done
fi
