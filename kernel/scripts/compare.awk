# SPDX-License-Identifier: GPL-2.0
# compare.awk BASELINE STREAM: print the stream of a guest with the suite hmm-tests
# judged by the baseline, which is the stream of the unpatched kernel: a case that
# failed there may fail here (and becomes a skip that says so), one that passed
# there must pass. All other suites go through as they are.
function outcome(line)
{
	if (line ~ /# SKIP/)
		return "skip"
	return line ~ /^ *not ok/ ? "fail" : "pass"
}

function title(line)
{
	sub(/^ *(not )?ok [0-9]+ (- )?/, "", line)
	sub(/ *#.*/, "", line)
	return line
}

function number(line)
{
	sub(/^ *(not )?ok /, "", line)
	return line + 0
}

function judge(line, was, is)
{
	was = before[title(line)]
	is = outcome(line)
	if (is == "fail" && was == "fail")
		return sprintf("    ok %d %s # SKIP fails on the unpatched kernel too", number(line), title(line))
	if (is == "skip" && was == "pass")
		line = sprintf("    not ok %d %s # passes on the unpatched kernel, is skipped here", number(line), title(line))
	worse += line ~ /^ *not ok/
	return line
}

# The kselftest exit status 1 says no more than that a case failed.
function judge_suite(line)
{
	if (line ~ /# SKIP not run: /)
		return line
	if (line !~ /# exit status/ || line ~ /# exit status 1$/)
		line = (worse ? "not ok " : "ok ") number(line) " " title(line)
	return line
}

function flush_block(    i)
{
	for (i = 1; i <= lines; i++)
		print block[i]
	lines = 0
}

{ sub(/\r$/, "") }

FILENAME == ARGV[1] {
	if (/^    (not )?ok /)
		pending[title($0)] = outcome($0)
	if (/^(not )?ok /) {
		if (title($0) == "hmm-tests")
			for (t in pending)
				before[t] = pending[t]
		split("", pending)
	}
	next
}

/^1\.\./ { planned = substr($0, 4) + 0 }

# In their order, behind test_hmm that loads: what is left when the guest is gone.
/^# programs: / { programs = split(substr($0, 13), program, " ") }

{ block[++lines] = $0 }

/^(not )?ok / {
	suites++
	if (title($0) == "hmm-tests") {
		for (i = 1; i < lines; i++)
			if (block[i] ~ /^    (not )?ok /)
				block[i] = judge(block[i])
		block[lines] = judge_suite($0)
	}
	flush_block()
}

# Output of a program that has no result: the guest ended in the midst of it. The
# plans are made to hold, as kunit.py takes what follows for the missing cases.
function finish_block(    i, cases, plan)
{
	for (i = 1; i <= lines; i++) {
		if (block[i] ~ /^    1\.\./)
			plan = i
		if (block[i] ~ /^    (not )?ok /)
			cases++
	}
	if (plan) {
		block[plan] = "    1.." cases + 1
		block[++lines] = "    not ok " cases + 1 " the case that ran when the guest ended"
	}
	flush_block()
	suites++
	print "not ok " suites " " name_of(suites, "the program that ran when the guest ended")
}

# The name of a suite that has not told its own, and what became of it; or those words.
function name_of(suite, words)
{
	if (suite - 1 in program)
		return program[suite - 1] " # " words
	return words
}

END {
	unfinished = lines
	if (lines && suites)
		finish_block()
	else
		flush_block()
	if (!suites)
		exit
	if (!unfinished && suites < planned) {
		suites++
		print "not ok " suites " " name_of(suites, "the stream of the tests ends here")
	}
	while (suites < planned) {
		suites++
		print "ok " suites " " (suites - 1 in program ? program[suites - 1] : "a program") \
			" # SKIP not run: the guest ended before"
	}
}
