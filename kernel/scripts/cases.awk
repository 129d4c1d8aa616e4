# SPDX-License-Identifier: GPL-2.0
# Read KTAP, nested as deep as it likes, print a table of what it says: the one reading
# of it that all our reports are made from. Fields are separated by tabs:
#   KIND SUITE NAME SECONDS WORDS LINE PARENT OK
# A case is of KIND pass, fail, skip, known (a failure, see known.awk) or unrun; WORDS are
# its directive. KIND group is a suite's own result, behind its cases; one that failed
# though no case did, or had another number of cases than it planned, has a failed case
# "(as a whole)" for that. PARENT is the LINE of the group that a case is in, 0 if none.
# Behind a case that failed, lines of "said", tab, text: its diagnosis.
# The input is plain text, see plain() in ktap.sh.
BEGIN {
	FS = "\n"
	said_limit = 200	# lines
	line_limit = 500	# characters
}

{
	match($0, /^ */)
	level = RLENGTH
	text = substr($0, level + 1, line_limit)
	if (length($0) - level > line_limit)
		text = text " [...]"
}

text ~ /^(not )?ok [0-9]/ {
	result(level, text)
	next
}

text ~ /^1\.\.[0-9]/ {
	plan[level] = substr(text, 4) + 0
	next
}

text ~ /^K?TAP version / {
	next
}

text ~ /^# time [0-9.]+ s$/ {
	seconds[level] = substr(text, 8) + 0
	next
}

# The kselftest harness speaks before a case's result, others behind it.
text ~ /^#  RUN / {
	lines = 0
	failed = 0
	next
}

failed && level >= levels[failed] && text ~ /^#/ {
	if (++said_of[failed] <= said_limit)
		said[failed] = said[failed] "said\t" text "\n"
	next
}

{
	failed = 0
	before[lines++ % said_limit] = text
}

function kind_of(ok, words)
{
	if (words ~ /^SKIP not run/)
		return "unrun"
	if (words ~ /^SKIP known failure/)
		return "known"
	if (words ~ /^SKIP/)
		return "skip"
	return ok ? "pass" : "fail"
}

function add(kind, ok, name, words, level, line)
{
	kinds[++n] = kind
	oks[n] = ok
	names[n] = name
	sub(/^SKIP */, "", words)
	words_of[n] = words
	levels[n] = claimed[n] = level
	lines_of[n] = line
}

function said_before(    i, all)
{
	for (i = lines > said_limit ? lines - said_limit : 0; i < lines; i++)
		all = all "said\t" before[i % said_limit] "\n"
	return all
}

# The names of these say nothing about what is tested.
function is_wrapper(name)
{
	return name ~ /^guest [0-9]+ of [0-9]+$/ || name == "programs"
}

# All deeper cases since the last result of this level, or of one above, are of this group.
function claim(name, level, line,    i)
{
	cases = bad = 0
	for (i = n; i > 0 && claimed[i] > level; i--) {
		if (!parents[i]) {
			parents[i] = line
			cases++
		}
		if (!is_wrapper(name))
			suites[i] = name (suites[i] == "" ? "" : "/" suites[i])
		claimed[i] = level
		bad += kinds[i] == "fail"
	}
}

# -1 if there was none
function planned_below(level,    l, planned)
{
	planned = -1
	for (l in plan)
		if (l + 0 > level) {
			planned = plan[l]
			delete plan[l]
		}
	return planned
}

# A suite's time may also be behind its cases, on their level.
function time_at(level,    l, time)
{
	for (l in seconds)
		if (l + 0 >= level) {
			if (time == "" || l + 0 == level)
				time = seconds[l]
			delete seconds[l]
		}
	return time
}

# What a suite has to tell that no case of it does.
function as_a_whole(ok, name, words, level, line, planned,    kind)
{
	kind = kind_of(ok, words)
	if (planned >= 0 && planned != cases) {
		words = words (words == "" ? "" : ", ") cases " of " planned " cases"
		kind = "fail"
	} else if (kind == "fail" ? bad : kind != "known") {
		return
	}
	add(kind, kind != "fail", "(as a whole)", words, level, line)
	suites[n] = name
	parents[n] = line
	said[n] = said_before()
}

function result(level, text,    ok, name, words, kind, planned)
{
	ok = text ~ /^ok/
	name = text
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	if (match(name, /(^| +)# ?/)) {
		words = substr(name, RSTART + RLENGTH)
		name = substr(name, 1, RSTART - 1)
	}
	claim(name, level, NR)
	planned = planned_below(level)
	kind = kind_of(ok, words)
	if (cases || planned > 0) {
		kind = "group"
		as_a_whole(ok, name, words, level, NR, planned)
	}
	add(kind, ok, name, words, level, NR)
	times[n] = time_at(level)
	failed = 0
	if (kind == "fail") {
		said[n] = said_before()
		failed = n
	}
	lines = 0
}

END {
	# What no result of a suite came for.
	claim("(cut off)", 0, -1)
	if (cases || !n)
		add("fail", 0, "(as a whole)", n ? "no result of its suite" : "no results", 0, 0)
	cases = bad = 0
	for (i = 1; i <= n; i++)
		cases += claimed[i] == 0 && !parents[i]
	as_a_whole(1, "", "", 0, 0, 0 in plan ? plan[0] : -1)
	for (i = 1; i <= n; i++) {
		print kinds[i] "\t" suites[i] "\t" names[i] "\t" times[i] "\t" words_of[i] "\t" \
			lines_of[i] "\t" parents[i] + 0 "\t" oks[i]
		printf "%s", said[i]
	}
}
