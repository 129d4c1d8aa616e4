# SPDX-License-Identifier: GPL-2.0
# part=versions VERSIONS part=cases CASES part=consoles CONSOLES part=config CONFIG: a page
# that needs no other file. CASES is what cases.awk makes of KTAP; CONSOLES and CONFIG are
# texts in which "== TITLE" is the line before each. After xml.awk.
# Variables: verdict (what the run said last), red (not empty: something failed)
BEGIN {
	FS = "\t"
	slowest = 20
	split("failed unrun known skipped passed", columns, " ")
	heading["fail"] = "failed"
	heading["unrun"] = "unrun"
	heading["known"] = "known"
	heading["skip"] = "skipped"
	heading["pass"] = "passed"
}

part == "versions" {
	split($0, word, " ")
	versions[++version_lines] = "<tr><th>" escaped(word[1]) "</th><td>" \
		escaped(substr($0, length(word[1]) + 2)) "</td></tr>"
	next
}

part == "cases" && $1 == "said" {
	said[n] = said[n] escaped($2) "\n"
	next
}

part == "cases" && $1 == "group" {
	whole = $2 == "" ? $3 : $2 "/" $3
	if ($4 != "")
		time[whole] = $4
	next
}

part == "cases" {
	kind[++n] = $1
	suite[n] = suite_of($2)
	name[n] = $3
	seconds[n] = $4
	words[n] = $5
	count[$1]++
	if (!(suite[n] in cases))
		order[++suites] = suite[n]
	member[suite[n], ++cases[suite[n]]] = n
	of[suite[n], heading[$1]]++
	sum[suite[n]] += $4
	rank(n)
	next
}

part == "consoles" || part == "config" {
	if (sub(/^== /, "")) {
		texts[part]++
		title[part, texts[part]] = escaped($0)
		next
	}
	text[part, texts[part]] = text[part, texts[part]] escaped($0) "\n"
}

# Keep case i if it is one of the slowest.
function rank(i,    r)
{
	if (seconds[i] == "" || (ranked == slowest && seconds[i] <= seconds[slow[ranked]]))
		return
	if (ranked < slowest)
		ranked++
	for (r = ranked; r > 1 && seconds[slow[r - 1]] < seconds[i]; r--)
		slow[r] = slow[r - 1]
	slow[r] = i
}

function full(i)
{
	return escaped(suite[i] "/" name[i])
}

function section(id, words)
{
	print "<h2 id=\"" id "\">" words "</h2>"
}

function details(title, text)
{
	print "<details><summary>" title "</summary><pre>" text "</pre></details>"
}

# All cases of a kind under the reason that they give, which is told once.
function by_reason(wanted,    i, r, reasons, reason, list, number)
{
	for (i = 1; i <= n; i++)
		if (kind[i] == wanted) {
			reason = words[i]
			if (!(reason in number))
				list[++reasons] = reason
			number[reason]++
			names[wanted, reason, number[reason]] = full(i)
		}
	for (r = 1; r <= reasons; r++) {
		reason = list[r]
		print "<details><summary>" number[reason] ": " escaped(reason == "" ? "no reason given" : reason) \
			"</summary><ul>"
		for (i = 1; i <= number[reason]; i++)
			print "<li>" names[wanted, reason, i]
		print "</ul></details>"
	}
}

function failures(    i)
{
	for (i = 1; i <= n; i++)
		if (kind[i] == "fail") {
			print "<h3>" full(i) "</h3>"
			if (words[i] != "")
				print "<p>" escaped(words[i]) "</p>"
			if (i in said)
				print "<pre>" said[i] "</pre>"
		}
}

function time_of(suite)
{
	return sprintf("%.2f", suite in time ? time[suite] : sum[suite])
}

function programs(    s, c, i)
{
	print "<table><tr><th>suite</th>"
	for (c = 1; c <= 5; c++)
		print "<th>" (columns[c] == "unrun" ? "not run" : columns[c]) "</th>"
	print "<th>seconds</th></tr>"
	for (s = 1; s <= suites; s++) {
		print "<tr><td><details><summary>" escaped(order[s]) "</summary><ul>"
		for (c = 1; c <= cases[order[s]]; c++) {
			i = member[order[s], c]
			print "<li class=\"" kind[i] "\">" escaped(name[i]) \
				(seconds[i] == "" ? "" : " <i>" seconds[i] " s</i>")
		}
		print "</ul></details></td>"
		for (c = 1; c <= 5; c++)
			print "<td class=\"n\">" of[order[s], columns[c]] + 0 "</td>"
		print "<td class=\"n\">" time_of(order[s]) "</td></tr>"
	}
	print "</table>"
}

function slowest_cases(    r)
{
	print "<table><tr><th>case</th><th>seconds</th></tr>"
	for (r = 1; r <= ranked; r++)
		print "<tr><td>" full(slow[r]) "</td><td class=\"n\">" seconds[slow[r]] "</td></tr>"
	print "</table>"
}

function style()
{
	print "<style>"
	print "body { font: 15px/1.4 sans-serif; max-width: 75em; margin: 1em auto; padding: 0 1em; color: #222 }"
	print "h1 { padding: .3em .5em; color: #fff; background: #26734d } h1.red { background: #b3261e }"
	print "pre { background: #f4f4f4; padding: .5em; overflow-x: auto; font-size: 13px }"
	print "table { border-collapse: collapse } td, th { padding: .1em .6em; text-align: left; vertical-align: top }"
	print "tr:nth-child(even) { background: #f4f4f4 } .n { text-align: right } i { color: #666 }"
	print ".fail { color: #b3261e; font-weight: bold } .skip, .unrun, .known { color: #8a6100 }"
	print "summary { cursor: pointer } ul { margin: .2em 0 }"
	print "</style>"
}

END {
	print "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	print "<title>devthp: " escaped(verdict) "</title>"
	style()
	print "</head><body>"
	print "<h1" (red == "" ? "" : " class=\"red\"") ">" escaped(verdict) "</h1>"
	print "<table>"
	for (i = 1; i <= version_lines; i++)
		print versions[i]
	print "</table>"
	if (count["fail"]) {
		section("failed", count["fail"] " failed")
		failures()
	} else if (red != "") {
		section("failed", "Something failed that is no case: see the last lines of the log")
	}
	if (texts["consoles"]) {
		section("console", "Console of the guests")
		for (i = 1; i <= texts["consoles"]; i++)
			print "<h3>" title["consoles", i] "</h3><pre>" text["consoles", i] "</pre>"
	}
	if (count["unrun"]) {
		section("unrun", count["unrun"] " not run")
		by_reason("unrun")
	}
	if (count["known"]) {
		section("known", count["known"] " known failures")
		by_reason("known")
	}
	if (count["skip"]) {
		section("skipped", count["skip"] " skipped")
		by_reason("skip")
	}
	section("programs", "What ran")
	programs()
	if (ranked) {
		section("slowest", "The slowest cases")
		slowest_cases()
	}
	if (texts["config"]) {
		section("config", "What the kernels were configured from")
		for (i = 1; i <= texts["config"]; i++)
			details(title["config", i], text["config", i])
	}
	print "</body></html>"
}
