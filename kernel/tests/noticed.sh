#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is said of a guest whose kernel has a fault: who noticed it first.
. "$(dirname "$0")/common/tap.sh"

# guest END STATUS CONSOLE TESTS: what boot.sh leaves
guest()
{
	mkdir -p "$dir/guest"
	echo "$1" >"$dir/guest/end"
	printf '%b' "$2" >"$dir/guest/status"
	printf '%b' "[ 1.0] devthp: devthp/first begins\r\n$3" >"$dir/guest/console.log"
	printf '%b' "$4" >"$dir/guest/tests.log"
}

# says WORDS TITLE
says()
{
	expect 0 "" "$2" is_said "$1"
}

is_said()
{
	"$scripts/noticed.sh" "$dir/guest" | tee /dev/stderr | grep -qxF -- "$1"
}

plan 10
guest "exit 0" "exit 1\n" "" "    ok 1 a\n    not ok 2 b # why\n    not ok 3 c\nnot ok 1 first # exit status 1\n"
says "killed first: b # why" "a case that fails"
guest "exit 0" "exit 1\n" "" "    ok 1 a\nok 1 first\nnot ok 2 counters are at their baseline # exit status 1\n"
says "killed counters are at their baseline: exit status 1" "counters behind the tests"
guest "exit 0" "exit 0\n" "" "    ok 1 a\nok 1 first\n"
says "survived" "nothing fails"
guest "exit 0" "exit 0\n" "[ 2.0] BUG: Bad page state in process a\r\n" "ok 1 first\n"
says "splat BUG: Bad page state in process a" "only the kernel says something"
guest "exit 0" "exit 0\n" "[ 2.0] devthp: BUG: of ours\r\n" "ok 1 first\n"
says "survived" "words of ours"
guest "exit 0" "exit 1\n" "[ 2.0] BUG: Bad page state\r\n" "    not ok 1 b\nnot ok 1 first # exit status 1\n"
says "killed first: b" "a test fails, and the kernel says something"
guest timeout "ready 6.12\n" "" "    ok 1 a\n"
says "hung first" "a hang"
guest "exit 0" "ready 6.12\n" "[ 2.0] BUG: unable to handle page fault\r\n" "    ok 1 a\n"
says "crashed first: BUG: unable to handle page fault" "a crash"
guest "exit 0" "ready 6.12\n" "" "    not ok 1 b\n"
says "crashed first: nothing said" "a guest that is gone"
guest "exit 0" "" "[ 0.1] Kernel panic - not syncing: no timer\r\n" ""
says "no boot: Kernel panic - not syncing: no timer" "a guest that does not come to its programs"
$all_passed
