# SPDX-License-Identifier: GPL-2.0
# part=words splat.grep part=console CONSOLE: what matters of a guest's console, with the
# numbers of its lines: around what verdict.sh would fail for (marked with >), the ends of
# programs that failed, and the end of all, if the guest did not come to one.
# Variables: programs (that failed, in this guest or another), ended (empty if it did not)
BEGIN {
	split(programs, name, " ")
	for (i in name)
		failed[name[i]]
	before = 15		# lines, of a splat
	after = 45
	tail = 25		# of a program, or of all
	most = 400		# lines
	width = 300		# characters
}

part == "words" {
	words[$0]
	next
}

{
	line[FNR] = substr($0, 1, width)
	n = FNR
}

/] devthp: [^ ]* (begins|ends with)/ {
	program = $0
	sub(/.*] devthp: /, "", program)
	sub(/ .*/, "", program)
	sub(/.*\//, "", program)
	if (/ begins/)
		start = FNR
	if (program in failed)
		show(/ ends with/ && FNR - tail > start ? FNR - tail : start, FNR)
	next
}

/^\[[^]]*] devthp: / {
	next
}

{
	for (w in words)
		if (index($0, w)) {
			splat[FNR]
			show(FNR - before, FNR + after)
			break
		}
}

function show(from, to)
{
	for (; from <= to; from++)
		shown[from]
}

END {
	if (ended == "")
		show(n - tail, n)
	for (i = 1; i <= n && count < most; i++) {
		if (!(i in shown))
			continue
		if (last != i - 1)
			print "  ..."
		print (i in splat ? "> " : "  ") i ": " line[i]
		last = i
		count++
	}
	if (count == most)
		print "  ... and more"
}
