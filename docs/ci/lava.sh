#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lava.sh DIR: load test_hmm, and test_huge_pfnmap where there is one, run the collection devthp of the kselftests installed in DIR,
# tell LAVA what became of each program, and of each case that did not pass. Prints what
# the runner prints. Exit status true only if all programs ended, and nothing failed.
set -u
dir=$1
output=$(mktemp)
trap 'rm -f "$output" "$output.results"' EXIT

if [ ! -e /sys/module/test_hmm ] && ! modprobe test_hmm; then
	lava-test-case test_hmm-loads --result fail
	exit 1
fi
[ -e /sys/module/test_huge_pfnmap ] || modprobe test_huge_pfnmap ||
	echo "without test_huge_pfnmap, programs that need it are skipped"
"$dir/run_kselftest.sh" -c devthp 2>&1 | tee "$output"

# The runner prints a program's own KTAP behind "# ", then the program's result.
awk '
function name_of(line)
{
	sub(/^(# )?(not )?ok [0-9]+ *(- )?(selftests: devthp: )?/, "", line)
	sub(/ *#.*/, "", line)
	gsub(/[^A-Za-z0-9_.-]+/, "-", line)
	return line
}
function outcome(line)
{
	return line ~ /# SKIP/ ? "skip" : line ~ /not ok/ ? "fail" : "pass"
}
/^1\.\.[0-9]+/ { planned = substr($0, 4) + 0 }
/^# (not )?ok [0-9]/ && outcome($0) != "pass" { cases[++n] = name_of($0) " " outcome($0) }
/^(not )?ok [0-9]/ {
	for (i = 1; i <= n; i++)
		print name_of($0) "." cases[i]
	n = 0
	print name_of($0) " " outcome($0)
	ended++
}
END {
	if (!ended || ended != planned)
		print "all-programs-ended fail"
}' "$output" >"$output.results"

status=0
while read -r name result; do
	lava-test-case "$name" --result "$result"
	[ "$result" != fail ] || status=1
done <"$output.results"
exit $status
