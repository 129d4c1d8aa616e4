# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Writing KTAP from shell: sourced where results are put together.

# suite NUMBER NAME FILE: the results in FILE as one suite with a result of its
# own: not ok when one of them is, or when there are none.
suite()
{
	sed 's/^/    /' "$3"
	if grep -q '^ok ' "$3" && ! grep -q '^not ok ' "$3"; then
		echo "ok $1 $2"
	else
		echo "not ok $1 $2"
	fi
}

# failures FILE: the cases that failed and what they have to say, for people. The
# kselftest harness speaks before a case's result, others behind it.
failures()
{
	awk 'function say(line) { sub(/^ */, "", line); print "           " line }
	     /^ *not ok / {
		sub(/^ *not ok [0-9]+ (- )?/, "")
		print "  FAILED   " $0
		for (i = 1; i <= said; i++)
			say(before[i])
		said = 0
		failed = 1
		next
	     }
	     !/^ *# / || /^ *#  RUN / { failed = said = 0; next }
	     failed { say($0); next }
	     { before[++said] = $0 }' "$1"
}

# failed_alone FILE: how many suites failed though no case in them did, such as a
# program that crashed behind its last case. kunit.py passes over those.
failed_alone()
{
	awk '/^ *(not )?ok [0-9]/ {
		match($0, /^ */)
		level = RLENGTH
		cases = bad = 0
		for (l in seen)
			if (l + 0 > level) {
				cases++
				bad += failed[l]
				delete seen[l]
				delete failed[l]
			}
		seen[level] = 1
		if ($1 == "not") {
			failed[level] = 1
			alone += cases && !bad
		}
	}
	END { print alone + 0 }' "$1"
}

# parse FILE: let the kernel's kunit.py judge, leave its JSON beside FILE, print
# "N passed, N failed, N skipped". True only if nothing failed.
parse()
{
	parsed=${1%.ktap}
	complaint=0
	python3 "$source_dir/unpatched/tools/testing/kunit/kunit.py" parse \
		--json="$parsed.json" "$1" >"$parsed.parsed" 2>&1 || complaint=1
	counts=$(sed -n 's/.*Testing complete\. Ran [0-9]* tests: *//p' "$parsed.parsed" | tail -n 1)
	[ -n "$counts" ] || echo "kunit.py could not read $1: $(tail -n 1 "$parsed.parsed")" >&2
	echo "$counts" | awk -v complaint=$complaint -v alone="$(failed_alone "$1")" '{
		gsub(/,/, "")
		for (i = 1; i < NF; i += 2)
			n[$i] = $(i + 1)
		# An error of form (a plan not kept) goes with most crashes; it counts
		# where nothing else tells of the failure.
		failed = n["failed:"] + n["crashed:"] + alone
		if (!failed)
			failed = n["errors:"]
		if (!failed)
			failed = complaint
		printf "%d passed, %d failed, %d skipped\n", n["passed:"], failed, n["skipped:"]
		exit failed > 0
	}'
}
