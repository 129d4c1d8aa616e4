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

# plain FILE: its text. What a guest left may have any byte in it; what is not printable
# is ? from here on.
plain()
{
	tr -d '\r' <"$1" | expand | tr '\000-\011\013-\037\177-\377' '?'
}

# cases FILE: the table that cases.awk makes of KTAP.
cases()
{
	plain "$1" | awk -f "$top/kernel/scripts/cases.awk"
}

# failures FILE: the cases that failed and what they have to say, for people.
failures()
{
	cases "$1" | awk -F '\t' '
		$1 != "said" { failed = $1 == "fail" }
		!failed { next }
		$1 == "said" { print "           " $2; next }
		$3 == "(as a whole)" && $2 != "" { $3 = $2; sub(/.*\//, "", $3) }
		{ print "  FAILED   " $3 ($5 == "" ? "" : " # " $5) ($2 == "" ? "" : ", in " $2) }'
}

# The list of known failures, which must be one: check_known_failures before all else.
known=${KNOWN_FAILURES:-$top/kernel/known-failures}
check_known_failures()
{
	awk -f "$top/kernel/scripts/known.awk" part=known "$known" || die "$known cannot be used, see above."
}

# known_failures FILE: in FILE, KTAP, make the failures that kernel/known-failures lists
# skips that say so, and tell what there is to tell of them.
known_failures()
{
	cases "$1" >"$1.cases"
	: >"$1.known"
	awk -v today="$(date -u +%Y-%m-%d)" -v notes="$1.known" -f "$top/kernel/scripts/known.awk" \
		part=known "$known" part=cases "$1.cases" part=ktap "$1" >"$1.new" ||
		die "$known cannot be used, see above."
	mv "$1.new" "$1"
	awk -F '\t' '{ printf "  %-9s", $1; print $2 ", " $3 }' "$1.known"
	rm "$1.cases" "$1.known"
}

# not_run FILE: how many cases are named as not run, and why, for people.
not_run()
{
	cases "$1" | awk -F '\t' '
		$1 == "unrun" { sub(/^not run: /, "", $5); n[$5]++ }
		END { for (why in n) printf "  NOT RUN  %d: %s\n", n[why], why }'
}

# parse FILE: let the kernel's kunit.py judge, leave its JSON beside FILE, print
# "N passed, N failed, N skipped". True only if nothing failed.
parse()
{
	parsed=${1%.ktap}
	complaint=0
	python3 "$source_dir/unpatched/tools/testing/kunit/kunit.py" parse \
		--json="$parsed.kernelci.json" "$1" >"$parsed.parsed" 2>&1 || complaint=1
	counts=$(sed -n 's/.*Testing complete\. Ran [0-9]* tests: *//p' "$parsed.parsed" | tail -n 1)
	[ -n "$counts" ] || echo "kunit.py could not read $1: $(tail -n 1 "$parsed.parsed")" >&2
	# It passes over suites that failed though no case of them did, such as a program
	# that crashed behind its last case.
	alone=$(cases "$1" | awk -F '\t' '$3 == "(as a whole)" { n[$1]++ } END { print n["fail"] + 0, n["known"] + 0 }')
	echo "$counts" | awk -v complaint=$complaint -v failed="${alone% *}" -v skipped="${alone#* }" '{
		gsub(/,/, "")
		for (i = 1; i < NF; i += 2)
			n[$i] = $(i + 1)
		# An error of form (a plan not kept) goes with most crashes; it counts
		# where nothing else tells of the failure.
		failed += n["failed:"] + n["crashed:"]
		if (!failed)
			failed = n["errors:"]
		if (!failed)
			failed = complaint
		printf "%d passed, %d failed, %d skipped\n", n["passed:"], failed, n["skipped:"] + skipped
		exit failed > 0
	}'
}

# conclude FILE: parse FILE, and leave the reports of it beside it. What parse says is the
# last line, behind what kunit.py takes for bad form: no failed case tells of that. A report
# that cannot be written is a failure as well.
conclude()
{
	status=0
	counts=$(parse "$1") || status=1
	"$top/kernel/scripts/report.sh" "$1" "$counts" || {
		echo "the reports of $1 could not be written." >&2
		status=1
	}
	sed -n 's/.*\[ERROR\] Test: /  FORM     /p' "${1%.ktap}.parsed" | head -n 10
	echo "$counts"
	return $status
}
