# SPDX-License-Identifier: GPL-2.0
# part=versions VERSIONS part=cases CASES: a run as JSON: an object of "verdict" (what the
# run said last), "versions" (word: all lines of it), "cases" (CASES, as cases.awk has them,
# without the groups). Variables: verdict
BEGIN {
	FS = "\t"
}

function quoted(text)
{
	gsub(/\\/, "&&", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

part == "versions" {
	split($0, word, " ")
	value = quoted(substr($0, length(word[1]) + 2))
	if (!(word[1] in lines))
		order[++words] = word[1]
	lines[word[1]] = lines[word[1]] (word[1] in lines && lines[word[1]] != "" ? ", " : "") value
	next
}

function begin_cases(    i)
{
	begun = 1
	print "{\n\"verdict\": " quoted(verdict) ",\n\"versions\": {"
	for (i = 1; i <= words; i++)
		print " " quoted(order[i]) ": [" lines[order[i]] "]" (i < words ? "," : "")
	printf "},\n\"cases\": ["
}

!begun {
	begin_cases()
}

$1 == "group" {
	next
}

$1 == "said" {
	printf "%s\n  %s", said++ ? "," : ", \"said\": [", quoted($2)
	next
}

function end_case()
{
	if (cases++)
		printf "%s},", said ? "]" : ""
	said = 0
}

{
	end_case()
	printf "\n {\"kind\": %s, \"suite\": %s, \"name\": %s", quoted($1), quoted($2), quoted($3)
	printf ", \"words\": %s, \"seconds\": %s", quoted($5), $4 == "" ? "null" : $4 + 0
}

END {
	if (!begun)
		begin_cases()
	printf "%s%s\n]\n}\n", said ? "]" : "", cases ? "}" : ""
}
