#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a guest may leave behind, and what judge.sh must make of it. No boot.
. "$(dirname "$0")/common/tap.sh"
. "$top/kernel/tests/common/left.sh"

plan 29
guest
expect 0 "5 passed, 0 failed, 0 skipped" "a good guest passes" judge

guest; sed -i 's/ok 2 two/ok 2 two # SKIP no device/' "$left/tests.log" "$left/baseline"
expect 0 "4 passed, 0 failed, 1 skipped" "a skip is counted as a skip" judge

guest; sed -i 's/ok 2 two/not ok 2 two/' "$left/tests.log"
expect 1 "FAILED   two" "a failing case below a program that says ok" judge

guest; sed -i -e '/ok 2 two/i\    # two is wrong' -e 's/ok 2 two/not ok 2 two/' "$left/tests.log"
expect 1 "           # two is wrong" "what a failing case said before its result" judge

guest; sed -i '/ok 2 two/d' "$left/tests.log"
expect 1 "1 failed" "a program that stops before its plan is done" judge

guest; sed -i '/^ok/d' "$left/tests.log"
expect 1 "failed" "a stream that stops in a program" judge

guest; sed -i "s,^1\.\.1$,1..2," "$left/tests.log"
expect 1 "FAILED   the stream of the tests ends here" "a stream that stops between programs" judge

guest; sed -i "s,^1\.\.1$,1..4," "$left/tests.log"; echo timeout >"$left/end"
printf "%s\n" "    TAP version 13" "    1..3" "    ok 1 three" >>"$left/tests.log"
printf "ready 6.12\n" >"$left/status"
expect 1 "4 passed, 2 failed, 3 skipped" "a guest that is stopped in the midst of a program" judge

# A guest that tells beforehand what it is going to run
telling_guest()
{
	guest
	sed -i 's/^1\.\.1$/1..6\n# programs: hmm-tests thread needle\nok 1 test_hmm loads/; s/^ok 1 hmm/ok 2 hmm/' "$left/tests.log"
	printf 'ready 6.12\n' >"$left/status"
}
telling_guest; printf '%s\n' "    TAP version 13" "    1..3" "    ok 1 three" >>"$left/tests.log"
expect 1 "FAILED   the case that ran when the guest ended, in thread" "it has a name" judge
expect 0 "ok 4 needle # SKIP not run: the guest ended before" "so has what was not run" \
	cat "$left/programs.ktap"
telling_guest
expect 1 "NOT RUN  3: the guest ended before" "what was not run is counted" judge

guest; printf '%s\n' "KTAP version 1" "1..1" "ok 1 hmm-tests # SKIP not run: the kernel is tainted: 1" >"$left/tests.log"
expect 0 "NOT RUN  1: the kernel is tainted: 1" "hmm-tests that were not run" judge

guest; : >"$left/tests.log"
expect 1 "FAILED   programs" "no stream at all" judge

guest; sed -i -e 's/ok 2 two/not ok 2 two/' -e 's/^ok 1 hmm-tests/not ok 1 hmm-tests # exit status 1/' \
	"$left/tests.log" "$left/baseline"
expect 0 "4 passed, 0 failed, 1 skipped" "hmm-tests fails where the unpatched kernel does" judge

guest; sed -i 's/ok 2 two/ok 2 two # SKIP tired/' "$left/tests.log"
expect 1 "FAILED   two # passes on the unpatched kernel" "hmm-tests skips what ran unpatched" judge

guest; sed -i 's/^ok 1 hmm-tests/not ok 1 hmm-tests # exit status 139/' "$left/tests.log"
expect 1 "FAILED   hmm-tests" "hmm-tests crashes after its last case" judge

guest; printf 'ready 6.12\n' >"$left/status"
expect 1 "FAILED   vanished" "a guest that states no result" judge

guest; printf 'ready 6.12\n' >"$left/status"; echo timeout >"$left/end"
expect 1 "FAILED   hang" "a guest whose time is over" judge

guest; printf 'ready 6.12\n' >"$left/status"; echo "killed: no memory left?" >"$left/end"
expect 1 "killed: no memory left?" "a QEMU that was killed" judge

guest; : >"$left/status"; echo "exit 1" >"$left/end"; echo "no such machine" >"$left/qemu.log"
expect 1 "no such machine" "a QEMU that does not start" judge

guest; printf 'ready 6.12\ntaint 0\nexit 1\n' >"$left/status"
expect 1 "FAILED   guest states failure" "a guest that states failure" judge

guest; printf 'ready 6.12\ntaint 512\nexit 0\n' >"$left/status"
expect 1 "FAILED   kernel tainted: 512" "a tainted kernel" judge

guest; echo "[    2.0] BUG: Bad rss-counter state mm:0 type:MM_ANONPAGES val:512" >>"$left/console.log"
expect 1 "| 2:[    2.0] BUG: Bad rss-counter" "a splat after the last test" judge

guest; echo "[    2.0] devthp: WARNING: the program BUG: begins" >>"$left/console.log"
expect 0 "5 passed, 0 failed, 0 skipped" "words of ours are no splat" judge

guest; printf 'ready 6.12\ntaint 0\nleaks 0\nexit 0\n' >"$left/status"
expect 0 "6 passed, 0 failed, 0 skipped" "a guest that looked for leaks and found none" judge

guest; printf 'ready 6.12\ntaint 0\nleaks 2\nexit 0\n' >"$left/status"
echo "[    2.0] devthp: leak: unreferenced object 0x1" >>"$left/console.log"
expect 1 "| unreferenced object 0x1" "a leak" judge

guest; rm "$left/console.log"
expect 1 "no console" "a console that was not kept" judge
# Two guests, the first of which failed.
judge_guests()
{
	rm -rf "$dir/guests"
	mkdir -p "$dir/guests"
	guest
	cp -r "$left" "$dir/guests/2"
	sed -i 's/ok 2 two/not ok 2 two/' "$left/tests.log"
	cp -r "$left" "$dir/guests/1"
	echo hmm-tests >"$dir/guests/programs"
	"$scripts/judge-guests.sh" "$dir/guests" "$left/baseline"
	cat "$dir/guests/guest.ktap"
}
expect 0 "not ok 1 guest 1 of 2" "one of two guests fails" judge_guests
expect 0 "ok 2 guest 2 of 2" "the other one is judged, too" cat "$dir/guests/guest.ktap"
$all_passed
