# SPDX-License-Identifier: GPL-2.0
# part=versions VERSIONS part=cases CASES: JUnit's XML of a run, with the lines of VERSIONS
# as properties and CASES as cases.awk has them. After xml.awk.
BEGIN {
	FS = "\t"
}

part == "versions" {
	split($0, word, " ")
	value = substr($0, length(word[1]) + 2)
	if (word[1] == "date")
		date = value
	properties = properties "  <property name=\"" escaped(word[1]) "\" value=\"" escaped(value) "\"/>\n"
	next
}

function attribute(name, value)
{
	return " " name "=\"" escaped(value) "\""
}

function put(text)
{
	piece[suite, ++pieces[suite]] = text
}

function finish_case()
{
	if (failed)
		put("</failure></testcase>\n")
	failed = 0
}

$1 == "said" {
	put(escaped($2) "\n")
	next
}

{
	finish_case()
}

$1 == "group" {
	whole = $2 == "" ? $3 : $2 "/" $3
	if ($4 != "")
		time[whole] = $4
	next
}

{
	suite = suite_of($2)
	if (!(suite in tests))
		order[++suites] = suite
	tests[suite]++
	sum[suite] += $4
	failed = $1 == "fail"
	put("  <testcase" attribute("classname", suite) attribute("name", $3) attribute("time", sprintf("%.2f", $4)))
	if ($1 == "pass") {
		put("/>\n")
	} else if (failed) {
		failures[suite]++
		put("><failure" attribute("message", $5) ">")
	} else {
		skipped[suite]++
		put("><skipped" attribute("message", $5) "/></testcase>\n")
	}
}

function numbers(tests, failures, skipped, time)
{
	return attribute("tests", tests + 0) attribute("failures", failures + 0) \
		attribute("errors", 0) attribute("skipped", skipped + 0) attribute("time", sprintf("%.2f", time))
}

END {
	finish_case()
	for (i = 1; i <= suites; i++) {
		suite = order[i]
		if (!(suite in time))
			time[suite] = sum[suite]
		all_tests += tests[suite]
		all_failures += failures[suite]
		all_skipped += skipped[suite]
		all_time += time[suite]
	}
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	print "<testsuites" attribute("name", "devthp") numbers(all_tests, all_failures, all_skipped, all_time) ">"
	for (i = 1; i <= suites; i++) {
		suite = order[i]
		print " <testsuite" attribute("name", suite) \
			numbers(tests[suite], failures[suite], skipped[suite], time[suite]) \
			attribute("timestamp", date) ">"
		if (i == 1 && properties != "")
			printf "  <properties>\n%s  </properties>\n", properties
		for (p = 1; p <= pieces[suite]; p++)
			printf "%s", piece[suite, p]
		print " </testsuite>"
	}
	print "</testsuites>"
}
