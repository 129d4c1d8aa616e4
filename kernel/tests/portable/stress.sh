#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# stress.sh DIR CORPUS TREE HEADERS COMMAND...: does the command, devthp-stress built with
# the model of a device and its faults, find what is wrong, replay, minimise and write it
# down? It must be able to write to DIR. What it writes is for the kernel tree TREE, whose
# exported headers are HEADERS.
. "$(dirname "$0")/../common/tap.sh"
corpus=$2
tree=$3
headers=$4
shift 4
command=$*
seeds=20	# within which what the corpus does not find must be found
faults=$(grep -v '^#' "$top/lib/model/faults" | wc -l)

stress()
{
	# shellcheck disable=SC2086
	timeout 600 $command "$@"
}

is_found()
{
	! MODEL_FAULT=$1 stress --corpus="$corpus" --seeds=$seeds --steps=100 --stop --no-minimise
}

# Why a fault cannot be seen by it, if it cannot.
unseen()
{
	case $1 in
	31) echo "no list forks while something is held on such a device" ;;
	32) echo "it is left open when what was unmapped is let go of" ;;
	33) echo "no operation closes other files" ;;
	*) return 1 ;;
	esac
}

same_list()
{
	stress --seed=7 --steps=50 --verbose --no-minimise >"$dir/first"
	stress --seed=7 --steps=50 --verbose --no-minimise >"$dir/second"
	grep -c "^# | [a-z_]* p[0-3]" "$dir/first"
	diff "$dir/first" "$dir/second"
}

other_list()
{
	stress --seed=8 --steps=50 --verbose --no-minimise | diff "$dir/first" -
}

# Fault 2: what is held goes all the same. In short lists, which are soon minimal.
find_fault()
{
	MODEL_FAULT=2 stress --seed=40 --seeds=100 --steps=30 --stop --output="$dir/found"
}

# Its list, or its program.
found()
{
	echo "$dir"/found/*."$1"
}

replay()
{
	stress --no-minimise --replay="$1"
}

replay_with_fault()
{
	MODEL_FAULT=2 replay "$(found replay)"
}

# Without any one of its steps there is no finding.
is_minimal()
{
	grep -n '^[a-z_]* p[0-3]' "$(found replay)" | cut -d: -f1 >"$dir/steps"
	[ -s "$dir/steps" ] || return
	while read -r line; do
		sed "${line}d" "$(found replay)" >"$dir/without.replay"
		MODEL_FAULT=2 replay "$dir/without.replay" || return
	done <"$dir/steps"
	echo "minimal"
}

# compiles FILE: as what is in TREE/tools/testing/selftests/mm does
compiles()
{
	gcc -O2 -Wall -Werror -I "$tree" -I "$tree/tools/testing/selftests/mm" -isystem "$headers" \
		-o "$dir/program" "$1" || return
	! grep devthp.h "$1"
}

program_of_finding()
{
	grep -q "expect_place" "$(found c)" && compiles "$(found c)"
}

# A program that has all operations of the portable backends in it, some of them in
# processes whose number others had before. Those of the kernel: kernel/tests/guest.sh.
program_of_all()
{
	stress --replay="$top/kernel/tests/common/every.replay" --programs --output="$dir/all" &&
		compiles "$dir/all/every.c"
}

# What --concurrent judges by, on its own: races that take place in an order that is known.
ledger_is_right()
{
	gcc -O2 -Wall -Werror -I"$top/selftests/stress" -I"$top/selftests/common" \
		-I"$top/lib/include" -o "$dir/ledger" "$top/kernel/tests/portable/ledger.c" \
		"$top/selftests/stress/ledger.c" "$top/selftests/stress/difference.c" \
		"$top/selftests/common/verdict.c" -lpthread && "$dir/ledger"
}

# refused LINE TEXT CONTENT: the file must be refused at that line, for that reason
refused()
{
	printf '%b' "devthp-stress 1\nseed 1\nrange 0 512 0 huge\n$3\n" >"$dir/bad.replay"
	expect 1 "bad.replay:$1: $2" "a replay file: $2" replay "$dir/bad.replay"
}

plan $((faults + 28))
fault=0
while [ $fault -lt "$faults" ]; do
	fault=$((fault + 1))
	if why=$(unseen $fault); then
		number=$((number + 1))
		echo "ok $number fault $fault of the model # SKIP $why"
		continue
	fi
	expect 0 " differs after step " "fault $fault of the model is found" is_found $fault
done

expect 0 50 "a seed gives a list" same_list
expect 1 "< # | " "another seed gives another one" other_list
expect 1 "minimised to " "a finding is minimised" find_fault
expect 1 " differs after step " "its replay reproduces it" replay_with_fault
expect 0 "ok 1 replay" "without the fault its replay passes" replay "$(found replay)"
expect 0 minimal "it is minimal" is_minimal
expect 0 "" "its C program compiles, and needs no library" program_of_finding
expect 0 "37 steps, 7 of them skipped" "the program of a list without a finding does" program_of_all
expect 0 "all right" "the record of a race sees what cannot be" ledger_is_right
expect 0 "# SKIP" "races need a device that the kernel knows" stress --concurrent --seeds=1

refused 4 'there is no operation "wirte"' "wirte p0 r0 0+512"
refused 4 '"q0" is not p and a number' "write q0 r0 0+512"
refused 4 "p4 is too large" "write p4 r0 0+512"
refused 5 "there is no range 1" "write p0 r0 0+512\nwrite p0 r1 0+512"
refused 4 '"512" is not a page, + and how many' "write p0 r0 512"
refused 4 "513 is too large" "write p0 r0 0+513"
refused 4 "no pages" "write p0 r0 0+0"
refused 4 "something is missing" "fork p0"
refused 4 '"rw" is not one of: none read write' "protect p0 r0 0+1 rw"
refused 6 '"more" is too much' "# comment\n\nwrite p0 r0 0+1 more"
refused 4 "range 0 is empty, or there already" "range 0 512 0 huge"
refused 4 "data are looked at each-step or at-end" "data sometimes"
refused 4 "a device is private or coherent" "device 1 public"
refused 4 "2 is too large" "device 2 coherent"
printf 'write p0 r0 0+1\n' >"$dir/empty.replay"
expect 1 'empty.replay:1: does not begin with "devthp-stress 1"' "a replay file of another kind" \
	replay "$dir/empty.replay"
expect 1 "No such file" "a replay file that is not there" replay "$dir/absent.replay"

printf 'devthp-stress 1\nrange 0 8 0 small\nwrite p1 r0 0+8\nexit p0\n' >"$dir/skips.replay"
skips()
{
	stress --verbose --replay="$dir/skips.replay"
}
expect 0 "# | write p1 r0 0+8	# skipped: no such process" "what is skipped stays in the log" skips
expect 0 "skips.replay # SKIP all steps were skipped" \
	"who does nothing has not passed" skips
$all_passed
