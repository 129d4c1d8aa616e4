# SPDX-License-Identifier: GPL-2.0
# known.awk part=known KNOWN part=cases CASES part=ktap KTAP: print KTAP with the failures
# in it that KNOWN (see kernel/known-failures) lists as skips that say so. CASES is what
# cases.awk makes of KTAP. A suite, and a guest, that fails of nothing else does not fail;
# a failure that was known up to a day in the past stays one. What KNOWN has to do with
# is also told in the file `notes`: KNOWN, EXPIRED or PASSES, tab, case, tab, words.
# With KNOWN alone it is only checked; a line of it that is wrong is an error.
# Variables: today (YYYY-MM-DD), notes (file)
BEGIN {
	FS = "\t"
}

function wrong(what)
{
	print FILENAME ":" FNR ": " what >"/dev/stderr"
	malformed = 1
}

function is_date(text,    month, day)
{
	month = substr(text, 6, 2) + 0
	day = substr(text, 9, 2) + 0
	return text ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/ &&
		month >= 1 && month <= 12 && day >= 1 && day <= 31
}

part == "known" && /^[ \t]*(#|$)/ {
	next
}

part == "known" {
	date = name = reason = $0
	sub(/[ \t].*/, "", date)
	sub(/^[^ \t]*[ \t]*/, "", name)
	sub(/[ \t]*#.*/, "", name)
	if (!sub(/^[^#]*#[ \t]*/, "", reason))
		reason = ""
	if (!is_date(date))
		wrong("\"" date "\" is no date as 2027-01-31")
	else if (name == "")
		wrong("no case is named")
	else if (reason == "")
		wrong("there is no \"# reason\" behind the case")
	else if (name in until)
		wrong("\"" name "\" is in line " line_of[name] " already")
	until[name] = date
	why[name] = reason
	line_of[name] = FNR
	next
}

# The longest end of a case's full name, cut before a word of it, that is listed.
function listed(suite, name,    full, rest)
{
	full = rest = (suite == "" ? "" : suite "/") name
	while (!(rest in until)) {
		if (!index(rest, "/"))
			return ""
		rest = substr(rest, index(rest, "/") + 1)
	}
	return rest
}

function note(what, words)
{
	print what "\t" ($2 == "" ? "" : $2 "/") $3 "\t" words >notes
}

# A guest that says no more than that a program of it failed, where each is known.
function says_the_same()
{
	return $3 == "guest states failure" && excused[programs] && !bad[programs]
}

# That cases are missing is never known: which ones they would be is not.
part == "cases" && $1 == "fail" {
	entry = $5 ~ / of [0-9]+ cases$/ ? "" : listed($2, $3)
	if (entry != "" && until[entry] >= today) {
		note("KNOWN", "until " until[entry] ": " why[entry])
		becomes[$6] = " # SKIP known failure until " until[entry] ": " why[entry]
		excused[$7] = 1
	} else if (says_the_same()) {
		becomes[$6] = " # SKIP known failure: nothing but those of its programs"
		excused[$7] = 1
	} else {
		bad[$7] = 1
	}
	if (entry != "" && until[entry] < today) {
		note("EXPIRED", "on " until[entry] ": " why[entry])
		becomes[$6] = " # known failure, expired on " until[entry] ": " why[entry]
	}
	next
}

part == "cases" && $1 == "known" {
	note("KNOWN", $5)
	next
}

part == "cases" && $1 == "pass" {
	entry = listed($2, $3)
	if (entry != "")
		note("PASSES", "take it out of kernel/known-failures")
	next
}

# Of one that failed only of what is known; kselftest's exit status 1 says no more.
part == "cases" && $1 == "group" {
	if ($3 == "programs")
		programs = $6
	if (!$8 && !($6 in becomes)) {
		if (excused[$6] && !bad[$6] && ($5 == "" || $5 == "exit status 1"))
			becomes[$6] = " "
		else
			bad[$6] = 1
	}
	if (bad[$6])
		bad[$7] = 1
	else if (excused[$6])
		excused[$7] = 1
	next
}

part == "ktap" && FNR in becomes {
	line = $0
	if (becomes[FNR] !~ /^ # known failure, expired/)
		sub(/not ok/, "ok", line)
	sub(/ +# .*/, "", line)
	sub(/ $/, "", becomes[FNR])
	print line becomes[FNR]
	next
}

part == "ktap"

END {
	exit malformed
}
