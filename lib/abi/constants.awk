# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# The constants of the headers that are compiled into programs, one a line: NAME VALUE.
# Those that count others, or are made of them, may grow.

function tell(name, value)
{
	if (name !~ /^DEVTHP_(VERSION_M[AJIN]+OR|RULES|LOCATIONS|COUNTERS|VERDICTS|SIZE_COUNTERS|SOURCE_ALL|FACTS_[A-Z]+|API|H|BACKEND_H)$/)
		print name, value
}

# A line that goes on in the next one
sub(/\\$/, "") {
	begun = begun $0
	next
}

{
	$0 = begun $0
	begun = ""
	sub(/[ \t]*\/\*.*/, "")
	gsub(/[ \t]+/, " ")
}

/^#define DEVTHP_/ {
	name = $2
	$1 = $2 = ""
	sub(/^ +/, "")
	tell(name, $0)
}

/^ ?DEVTHP_[A-Z0-9_]+ = / {
	sub(/,$/, "")
	tell($1, $3)
}
