# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# What a header declares, for man pages to show. Reads files in turn:
#
#   awk -f header.awk -v names=1 HEADER...		one declaration a line: its name
#   awk -f header.awk HEADER... PAGE.scd		the page; a line "@NAME" becomes the
#							declaration of that name, as the header has it
#
# A function, and a type of one, has its name; a structure or an enum has the keyword too
# ("struct devthp_page"). Macros that follow each other without an empty line are one
# declaration, by the name of the first. A page that asks for what there is not ends with a
# complaint.

function begin(what)
{
	name = what
	text[name] = ""
	order[++count] = name
}

# Tabs to blanks: a page has other tab stops than source.
function add(line,	at)
{
	while (at = index(line, "\t"))
		line = sprintf("%s%*s%s", substr(line, 1, at - 1), 8 - (at - 1) % 8, "",
			       substr(line, at + 1))
	if (state == "function")	# what goes on below is indented by as much
		sub(/^(DEVTHP_API |           )/, "", line)
	text[name] = text[name] line "\n"
}

FNR == 1 { state = "" }

FILENAME ~ /\.h$/ {
	if (state == "macros" && $0 == "")
		state = ""
	if (state == "" && match($0, /^(struct|enum) devthp_[a-z0-9_]+ \{/)) {
		state = "braces"
		begin($1 " " $2)
	} else if (state == "" && /^(DEVTHP_API|typedef) .*devthp_[a-z0-9_]+\(/) {
		state = "function"
		match($0, /devthp_[a-z0-9_]+\(/)
		begin(substr($0, RSTART, RLENGTH - 1))
	} else if (state == "" && /^#define DEVTHP_/ && $2 !~ /_H$|^DEVTHP_API$/) {
		state = "macros"
		begin($2)
	}
	if (state != "")
		add($0)
	if ((state == "braces" && /^};/) || (state == "function" && /;/))
		state = ""
	next
}

/^@/ {
	if (!(substr($0, 2) in text)) {
		print FILENAME ":" FNR ": the headers have no " substr($0, 2) > "/dev/stderr"
		failed = 1
	}
	printf "%s", text[substr($0, 2)]
	next
}

{ print }

END {
	for (i = 1; names && i <= count; i++)
		print order[i]
	exit failed
}
