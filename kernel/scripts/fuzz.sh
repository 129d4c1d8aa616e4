#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh: libFuzzer for MINUTES on what the library parses.
. "$(dirname "$0")/lib.sh"
load_arch
minutes=$(minutes_given 10)

dir=$("$top/kernel/scripts/results.sh" fuzz)
say FUZZ "$minutes minutes, see $dir"
if ! make -C "$top/lib" O="$build/host-lib" MINUTES="$minutes" fuzz >"$dir/fuzz.log" 2>&1; then
	tail -n 30 "$dir/fuzz.log" >&2
	die "something was found, or it does not build: $dir/fuzz.log." \
	    "An input that ends the program is in $build/host-lib/fuzzer/; mend, and keep it in lib/fuzz/corpus."
fi
sed -n 's/^stat::number_of_executed_units: */  inputs tried: /p; s/^Done .*/  nothing found/p' "$dir/fuzz.log"
