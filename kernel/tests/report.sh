#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The reports of a run, whatever the run has left: bytes of any kind, markup, streams that
# end anywhere, thousands of cases, nothing at all. Well-formed as far as there is a
# program here that knows, and nothing lost that failed. No boot.
. "$(dirname "$0")/common/tap.sh"
. "$scripts/ktap.sh"
run=$dir/run

# run_with VERDICT: a run whose KTAP is on stdin
run_with()
{
	rm -rf "$run"
	mkdir -p "$run/guest/1"
	cat >"$run/results.ktap"
	echo "$1" >"$dir/verdict"
	printf 'date 2026-11-29T00:00:00Z\nmachine <b> & "Linux"\nseries 61 patches\n' >"$run/versions"
	echo "ready 6.12
exit 0" >"$run/guest/1/status"
}

# report FORMAT: all there is in that format. Bad form is a failure where it can be told.
report()
{
	"$scripts/report.sh" "$run/results.ktap" "$(cat "$dir/verdict")" || return
	well_formed || return
	cat "$run/results.$1"
}

well_formed()
{
	python3 -m json.tool "$run/results.json" >/dev/null || return
	! command -v xmllint >/dev/null || xmllint --noout "$run/results.xml" || return
	# What leads out of the page, or would run in it, does not belong there.
	! grep -nE '<(script|link|img|iframe)|https?:|@import|url\(' "$run/results.html" || return
	! tr -d '\n\040-\176' <"$run/results.html" | grep -q . || return
	[ "$(tail -n 1 "$run/results.html")" = "</body></html>" ]
}

# The same in each: expect_in FORMAT TEXT TITLE
expect_in()
{
	expect 0 "$2" "$3" report "$1"
}

small()
{
	printf '%s\n' "KTAP version 1" "1..1" "    KTAP version 1" "    1..4" "    # time 1.25 s" \
		"    ok 1 quick" "    # |SSSS....DDDD| after <unmap> & \"touch\"" "    # seed 0x2a" "    not ok 2 lost" \
		"    ok 3 later # SKIP no <device>" "    ok 4 rest # SKIP not run: the kernel is tainted: 512" \
		"not ok 1 guest"
}

lines_of_console()
{
	for line in $(seq 1 500); do
		echo "[    1.$line] line $line"
	done
}

plan 46
small | run_with "1 passed, 1 failed, 2 skipped"
expect_in json '"name": "lost", "words": "", "seconds": null, "said": [' "JSON: a failure and its words"
expect_in json '|SSSS....DDDD| after <unmap> & \"touch\"' "JSON: quotes"
expect_in json '"kind": "unrun"' "JSON: what was not run"
expect_in json '"seconds": 1.25' "JSON: a time"
expect_in xml '<testsuite name="guest" tests="4" failures="1" errors="0" skipped="2"' "JUnit: counts"
expect_in xml '|SSSS....DDDD| after &lt;unmap&gt; &amp; &quot;touch&quot;' "JUnit: a failure and its words"
expect_in xml '<skipped message="no &lt;device&gt;"/>' "JUnit: a skip and its reason"
expect_in xml 'name="machine" value="&lt;b&gt; &amp; &quot;Linux&quot;"' "JUnit: versions"
expect_in xml 'name="quick" time="1.25"' "JUnit: a time"
expect_in html '<h1 class="red">1 passed, 1 failed, 2 skipped</h1>' "page: the verdict"
expect_in html '|SSSS....DDDD| after &lt;unmap&gt; &amp; &quot;touch&quot;' "page: the picture of a failure"
expect_in html '# seed 0x2a' "page: the seed of a failure"
expect_in html '1: no &lt;device&gt;' "page: a skip under its reason"
expect_in html '1 not run' "page: what was not run"
expect_in html '<td>guest/quick</td><td class="n">1.25</td>' "page: the slowest cases"
expect_in html '&lt;b&gt; &amp; &quot;Linux&quot;' "page: versions"

: | run_with "0 passed, 1 failed, 0 skipped"
expect_in html 'no results' "no results"
expect_in xml 'failures="1"' "no results, JUnit"
rm "$run/results.ktap"
expect 1 "there is no" "results that are not there" report html
small | run_with "1 passed, 1 failed, 2 skipped"; rm -r "$run/versions" "$run/guest"
expect_in html 'SSSS....DDDD' "no versions, no guest"
printf 'KTAP version 1\n1..2\nok 1 a' | run_with "1 passed, 1 failed, 0 skipped"
expect_in html '1 of 2 cases' "a stream that ends in mid-line"
printf 'KTAP version 1\n1..2\n    1..3\n    not ok 1 a\n' | run_with "0 passed, 1 failed, 0 skipped"
expect_in json '"suite": "(cut off)", "name": "a"' "a stream that ends in a suite"
printf '%s\n' "KTAP version 1" "1..1" "    1..1" "    ok 1 a" "not ok 1 prog # exit status 139" |
	run_with "1 passed, 1 failed, 0 skipped"
expect_in html '<h3>prog/(as a whole)</h3>' "a program that crashed behind its cases"
printf '%s\n' "KTAP version 1" "1..1" "    1..3" "    ok 1 a" "ok 1 prog" | run_with "1 passed, 1 failed, 0 skipped"
expect_in html '1 of 3 cases' "a program that says ok and left cases out"
printf '%s\n' "1..1" "    1..1" "ok 1 prog" | run_with "0 passed, 1 failed, 0 skipped"
expect_in html '0 of 1 cases' "a program that says ok and ran nothing"
printf '%s\n' "1..1" "    1..1" "    not ok 1 a" "ok 1 prog" | run_with "0 passed, 1 failed, 0 skipped"
expect_in xml 'failures="1"' "a program that says ok over a failure"
printf '%s\n' "1..1" "ok 1 a" | run_with "1 passed, 1 failed, 0 skipped"
expect_in html 'Something failed that is no case' "a verdict that no case explains"

# Every byte there is, as a name, a diagnosis and a reason.
bytes=$(awk 'BEGIN { for (i = 1; i < 256; i++) if (i != 10) printf "\\%03o", i }')
printf "1..2\n# $bytes\n\000]]>\nnot ok 1 $bytes\nok 2 b # SKIP $bytes\n" | run_with "0 passed, 1 failed, 1 skipped"
printf "[ 1.0] BUG: $bytes\000\n" >"$run/guest/1/console.log"
for format in json xml html; do
	expect_in $format 'ABCDEFGHIJKLM' "every byte there is, $format"
done
awk 'BEGIN { print "1..1"; printf "# "; for (i = 0; i < 3000000; i++) printf "<"; print "\nnot ok 1 a" }' |
	run_with "0 passed, 1 failed, 0 skipped"
expect_in html '[...]' "a line of three megabytes"
awk 'BEGIN { print "1..1"; for (i = 0; i < 200000; i++) print "# line " i; print "not ok 1 a" }' |
	run_with "0 passed, 1 failed, 0 skipped"
expect_in html '# line 199999' "a case that says 200000 lines"

small | run_with "1 passed, 1 failed, 2 skipped"
{
	lines_of_console
	echo "[    2.0] WARNING: CPU: 0 PID: 1 at <mm>"
	lines_of_console
} >"$run/guest/1/console.log"
expect_in html '&gt; 501: [    2.0] WARNING: CPU: 0 PID: 1 at &lt;mm&gt;' "console: a splat"
expect_in html '  486: [    1.486] line 486' "console: what is before it"
expect 1 "line 400" "console: not all of it" sh -c "grep 'line 400' '$run/results.html' || { echo line 400; exit 1; }"
{
	lines_of_console
	echo "[    3.0] devthp: devthp/fork begins"
	echo "[    3.1] in the fork"
	echo "[    3.2] devthp: devthp/fork ends with status 1"
	lines_of_console
} >"$run/guest/1/console.log"
printf '%s\n' "1..1" "        1..1" "        not ok 1 a" "    not ok 1 fork" "not ok 1 guest" >"$run/results.ktap"
expect_in html '502: [    3.1] in the fork' "console: a program that failed"
lines_of_console >"$run/guest/1/console.log"
echo "ready 6.12" >"$run/guest/1/status"
expect_in html '500: [    1.500] line 500' "console: the end of a guest that came to none"

many()
{
	awk 'BEGIN { print "1..1\n    1..10000"
		for (i = 1; i <= 10000; i++) {
			print "    # time " i / 100 " s\n    # what was seen of " i
			print "    " (i % 10 ? "ok " : "not ok ") i " case " i
		}
		print "not ok 1 guest" }'
}
in_seconds()
{
	timeout 20 "$scripts/report.sh" "$run/results.ktap" "$(cat "$dir/verdict")" && well_formed &&
		grep -c "<testcase" "$run/results.xml" && grep -o "1000 failed" "$run/results.html"
}
many | run_with "9000 passed, 1000 failed, 0 skipped"
expect 0 10000 "10000 cases, 1000 failures" in_seconds
expect_in html '<td>guest/case 10000</td><td class="n">100</td>' "the slowest of them"
expect_in xml 'time="500050.00"' "the time of all of them"

same_counts()
{
	parse "$run/results.ktap" || :
	cases "$run/results.ktap" | cut -f1 | sort | uniq -c | xargs
}
source_dir=$BUILD/source
many | sed 's/^    1\.\.10000/    KTAP version 1\n&/; 1i KTAP version 1' | run_with ""
expect 0 "9000 passed, 1000 failed, 0 skipped" "the table has what kunit.py counts" same_counts

# What a run ends with, by the path that make check takes
finish()
{
	conclude "$run/results.ktap" >"$dir/concluded" 2>&1 || { cat "$dir/concluded"; return 1; }
	tail -n 1 "$dir/concluded"
	ls "$run"
}
passing()
{
	printf '%s\n' "KTAP version 1" "1..1" "    KTAP version 1" "    1..1" "    ok 1 a" "ok 1 guest" | run_with ""
}
passing
expect 0 "1 passed, 0 failed, 0 skipped" "a run that passes ends with its counts" finish
expect 0 "results.html" "it leaves its reports" finish
small | run_with ""
expect 1 "1 failed" "a run that fails" finish
printf '%s\n' "KTAP version 1" "1..2" 'ok 1 is no "# result"' "ok 2 b" | run_with ""
expect 1 "FORM     b: Expected test number 1 but found 2" "a run of bad form tells where that is" finish
passing; mkdir "$run/results.html"
expect 1 "could not be written" "reports that cannot be written are a failure" finish
$all_passed
