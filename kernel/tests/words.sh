#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Nothing that runs in a guest prints what people, and verdict.sh, look for on the console
# of a kernel in trouble: where both share a console, it would be taken for that. No boot.
. "$(dirname "$0")/common/tap.sh"

# silent DIR...: in no file there, nor in a comment, which is simpler than to tell them apart
silent()
{
	grep -rnF -f "$scripts/splat.grep" "$@"
	[ $? = 1 ]
}

plan 3
expect 0 "" "programs, the library, the guest's scripts" \
	silent "$top/selftests" "$top/kernel/guest" "$top/lib/src" "$top/lib/cmd" \
	"$top/lib/include" "$top/lib/model" "$top/lib/skeleton"
mkdir -p "$dir/loud" "$dir/quiet"
echo 'printf("# WARNING: it is torn\n");' >"$dir/loud/a.c"
echo 'printf("# warning: it is torn\n");' >"$dir/quiet/a.c"
expect 1 "WARNING: it is torn" "one that is loud" silent "$dir/quiet" "$dir/loud"
expect 0 "" "one that is not" silent "$dir/quiet"
$all_passed
