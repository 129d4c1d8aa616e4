#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Failures that kernel/known-failures lists: they are told, and not red before their day.
# Nothing else is excused with them. No boot.
. "$(dirname "$0")/common/tap.sh"
. "$top/kernel/tests/common/left.sh"
export KNOWN_FAILURES="$dir/known"
later=9999-12-31
earlier=2000-01-01
today=$(date -u +%Y-%m-%d)

# A guest with a failing case in its second program
failing_guest()
{
	guest
	sed -i 's/^1\.\.1$/1..2/' "$left/tests.log"
	printf '%s\n' "    TAP version 13" "    1..2" "    # it is torn" "    not ok 1 tear" \
		"    ok 2 mend" "not ok 2 cloth # exit status 1" >>"$left/tests.log"
	printf 'ready 6.12\ntaint 0\nexit 1\n' >"$left/status"
}

known()
{
	printf '%b\n' "$@" >"$dir/known"
}

# KNOWN as of another day, on the table of one failing case.
on_day()
{
	printf '    not ok 1 tear\nnot ok 1 cloth\n' >"$dir/day.ktap"
	awk -f "$scripts/cases.awk" "$dir/day.ktap" >"$dir/day.cases"
	awk -v today="$1" -v notes="$dir/notes" -f "$scripts/known.awk" \
		part=known "$dir/known" part=cases "$dir/day.cases" part=ktap "$dir/day.ktap"
}

plan 27
: >"$dir/known"
failing_guest
expect 1 "5 passed, 2 failed, 0 skipped" "a failure that is not known" judge

known "# comment" "" "$later  cloth/tear  # it wears out"
failing_guest
expect 0 "5 passed, 0 failed, 2 skipped" "a known failure is not red" judge
failing_guest
expect 0 "KNOWN    cloth/tear, until $later: it wears out" "a known failure is told" judge

failing_guest; sed -i 's/ok 2 mend/not ok 2 mend/' "$left/tests.log"
expect 1 "FAILED   mend" "another failure of that program" judge
failing_guest; sed -i 's/not ok 2 cloth # exit status 1/not ok 2 cloth # exit status 139/' "$left/tests.log"
expect 1 "FAILED   cloth # exit status 139" "that program crashes" judge
failing_guest; sed -i '/ok 2 mend/d' "$left/tests.log"
expect 1 "FAILED   cloth # exit status 1, 1 of 2 cases" "a case of that program is missing" judge
failing_guest; sed -i 's/ok 2 two/not ok 2 two/; s/^ok 1 hmm-tests/not ok 1 hmm-tests # exit status 1/' "$left/tests.log"
expect 1 "FAILED   guest states failure" "another program fails" judge
failing_guest; printf 'ready 6.12\ntaint 512\nexit 1\n' >"$left/status"
expect 1 "FAILED   kernel tainted: 512" "the kernel is tainted" judge
guest; printf 'ready 6.12\ntaint 0\nexit 1\n' >"$left/status"
expect 1 "FAILED   guest states failure" "a guest states failure and no program failed" judge

known "$later  mend  # it is too hard"
failing_guest
expect 1 "PASSES   cloth/mend" "what is listed and passes is told" judge
known "$later  cloth/tear  # a" "$later  cloth/mend  # b"
failing_guest
expect 0 "PASSES   cloth/mend" "what is listed and passes is not red" judge

known "$later  ear  # not a whole word" "$later  wool/tear  # another program"
failing_guest
expect 1 "FAILED   tear" "names like it are others" judge
known "$later  cloth/(as a whole)  # it crashes behind its cases"
failing_guest; sed -i 's/not ok 1 tear/ok 1 tear/; s/exit status 1/exit status 139/' "$left/tests.log"
expect 0 "6 passed, 0 failed, 2 skipped" "a program that is known to crash" judge
failing_guest; sed -i '/ok 2 mend/d' "$left/tests.log"
expect 1 "FAILED   cloth # exit status 1, 1 of 2 cases" "cases that are missing cannot be known" judge

known "$earlier  cloth/tear  # it wears out"
failing_guest
expect 1 "FAILED   tear # known failure, expired on $earlier: it wears out" "it expires" judge
failing_guest
expect 1 "EXPIRED  cloth/tear" "that it expired is told" judge
known "$today  cloth/tear  # it wears out"
expect 0 "ok 1 tear # SKIP known failure until $today" "its last day" on_day "$today"
expect 0 "not ok 1 tear # known failure, expired" "the day after" on_day 9999-01-01
expect 0 "not ok 1 cloth" "its program on the day after" on_day 9999-01-01

# malformed WORDS LINE...: LINEs are refused, with the number of the third
malformed()
{
	words=$1
	shift
	known "# comment" "$later good # reason" "$@"
	guest
	expect 1 "known:3: $words" "a line that is wrong: $words" judge
}
malformed '"tomorrow" is no date' "tomorrow cloth/tear # reason"
malformed '"2027-13-01" is no date' "2027-13-01 cloth/tear # reason"
malformed "no case is named" "$later # reason"
malformed 'there is no "# reason"' "$later cloth/tear"
malformed 'there is no "# reason"' "$later cloth/tear #"
malformed '"good" is in line 2 already' "$later good # again"
check_begins()
{
	! BUILD=$dir/build "$scripts/check.sh" lint || return 0
	[ -e "$dir/build/results" ] || echo "nothing was run"
	return 1
}
expect 1 "nothing was run" "a run does not begin with such a list" check_begins
export KNOWN_FAILURES="$dir/absent"
guest
expect 1 "cannot be used" "a list that is not there" judge
$all_passed
