#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# judge.sh DIR [BASELINE]: judge what a guest left in DIR (see boot.sh), programs
# and kernel; the result as KTAP is DIR/guest.ktap. BASELINE is the test stream of
# the unpatched kernel, see compare.awk. Prints what failed, and the counts.
. "$(dirname "$0")/lib.sh"
. "$top/kernel/scripts/ktap.sh"
dir=$1

"$top/kernel/scripts/verdict.sh" "$dir" >"$dir/verdict.ktap" || :
awk -f "$top/kernel/scripts/compare.awk" "${2:-/dev/null}" "$dir/tests.log" >"$dir/programs.ktap"
{
	echo "KTAP version 1"
	echo "1..2"
	suite 1 programs "$dir/programs.ktap"
	suite 2 kernel "$dir/verdict.ktap"
} >"$dir/guest.ktap"

known_failures "$dir/guest.ktap"
failures "$dir/guest.ktap"
not_run "$dir/guest.ktap"
if [ -f "$dir/versions" ]; then		# a run of its own, see results.sh
	conclude "$dir/guest.ktap"
else
	parse "$dir/guest.ktap"
fi
