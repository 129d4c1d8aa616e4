# SPDX-License-Identifier: GPL-2.0
# Which of the lines that the series adds has no test reached? Reads kernel/unreached
# (part=reasons), the lines of the series (part=added), and the annotated sources of gcov
# (part=annotated), where one source may come often: a line is reached if it is in any.
# Prints a table, an empty line, and the lines that are not reached, with reasons.

# A reason holds for the lines below it: "FILE FUNCTION: TEXT".
part == "reasons" && /^reason: / { reason = substr($0, 9) }
part == "reasons" && /^[^#]+: / && !/^reason: / { why[$0] = reason; named[$0] = FNR }

part == "added" { of_series[$1, $2] }

part == "annotated" && /^ *-: *0:Source:/ {
	source = $0
	sub(/^ *-: *0:Source:/, "", source)
	if (index(source, tree) == 1)
		source = substr(source, length(tree) + 1)
	where = ""
	next
}

# COUNT:NUMBER:TEXT
part == "annotated" && match($0, /^ *[^ :]+: *[0-9]+:/) {
	split($0, field, ":")
	count = field[1]
	gsub(/ /, "", count)
	number = field[2] + 0
	text = substr($0, RLENGTH + 1)
	# In the kernel's style only a function begins in the first column.
	if (text ~ /^[a-zA-Z_][^;=]*\(/) {
		where = text
		sub(/\(.*/, "", where)
		sub(/.*[ *]/, "", where)
	}
	if (number == 0 || count == "-" || !((source, number) in of_series))
		next
	if (!((source, number) in line)) {
		line[source, number] = ++lines
		source_of[lines] = source
		number_of[lines] = number
		sub(/^[ \t]+/, "", text)
		text_of[lines] = source " " where ": " text
	}
	if (count !~ /^[#=]/)
		reached[line[source, number]] = 1
}

END {
	for (i = 1; i <= lines; i++) {
		all[source_of[i]]++
		hit[source_of[i]] += reached[i]
		total += reached[i]
	}
	print "lines  reached  share  file"
	for (i = 1; i <= lines; i++) {
		s = source_of[i]
		if (s in all) {
			printf "%5d  %7d  %4d %%  %s\n", all[s], hit[s], 100 * hit[s] / all[s], s
			delete all[s]
		}
	}
	share = lines ? 100 * total / lines : 0
	for (i = 1; i <= lines; i++)
		if (!reached[i]) {
			left[text_of[i]]
			bare += !(text_of[i] in why)
		}
	printf "%5d  %7d  %4d %%  the series; goal %d %%; %d without a reason\n",
		lines, total, share, goal, bare
	print ""
	for (i = 1; i <= lines; i++)
		if (!reached[i]) {
			print source_of[i] ":" number_of[i] ": " \
				(text_of[i] in why ? why[text_of[i]] : "NO REASON")
			print "\t" text_of[i]
		}
	for (t in why)
		if (!(t in left))
			print reasons ":" named[t] ": a reason for what is reached, or gone: " t
	exit !(lines && share >= goal && !bare)
}
