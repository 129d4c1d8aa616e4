#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What make coverage makes of annotated sources: which lines are the series', which of
# them are reached, and which of the others have a reason.
. "$(dirname "$0")/common/tap.sh"

mkdir -p "$dir"
printf 'mm/a.c %s\n' 3 4 5 >"$dir/added"

# Two objects have the header's lines, and one of them reaches the third.
cat >"$dir/annotated" <<'END'
        -:    0:Source:/tree/mm/a.c
        -:    1:static int f(int a)
        -:    2:{
        4:    3:	x();
    #####:    4:	goto out;
       1*:    5:	if (y)
    #####:    6:	old();
        -:    0:Source:/tree/mm/a.c
        -:    1:static int f(int a)
    #####:    3:	x();
    #####:    4:	goto out;
END

# coverage GOAL [LINE...]: with those lines as kernel/unreached
coverage()
{
	goal=$1
	shift
	printf '%s\n' "$@" >"$dir/unreached"
	awk -v tree=/tree/ -v goal="$goal" -f "$scripts/coverage.awk" reasons=unreached \
		part=reasons "$dir/unreached" part=added "$dir/added" part=annotated "$dir/annotated"
}

plan 6
expect 1 "3        2    66 %  the series; goal 60 %; 1 without a reason" "a line without a reason" coverage 60
expect 1 "mm/a.c:4: NO REASON" "it is named" coverage 60
expect 0 "mm/a.c:4: x is short" "a line with a reason" coverage 60 "reason: x is short" "mm/a.c f: goto out;"
expect 1 "goal 70 %; 0 without" "a goal that is missed" coverage 70 "reason: x is short" "mm/a.c f: goto out;"
expect 0 "unreached:3: a reason for what is reached, or gone: mm/a.c f: x();" "a reason for nothing" \
	coverage 60 "reason: x is short" "mm/a.c f: goto out;" "mm/a.c f: x();"
: >"$dir/annotated"
expect 1 "0        0     0 %" "no counts at all" coverage 0
$all_passed
