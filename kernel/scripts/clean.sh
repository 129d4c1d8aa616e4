#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clean.sh [all]: remove what was built; with "all" the whole build directory.
. "$(dirname "$0")/lib.sh"

[ -d "$build" ] || exit 0
[ -f "$build/.devthp" ] ||
	die "$build does not look like a build directory of devthp; not removing it."
if [ "${1:-}" = all ]; then
	rm -rf "$build"
else
	for arch in "$top"/kernel/arch/*.sh; do
		rm -rf "${build:?}/$(basename "$arch" .sh)"
	done
	rm -rf "${build:?}/host-lib" "${build:?}/log" "${build:?}/results" "${build:?}/series" "${build:?}/mutants"
fi
