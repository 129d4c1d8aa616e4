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

# failures FILE: the cases that failed and what they have to say, for people.
failures()
{
	awk '/^ *not ok / { sub(/^ *not ok [0-9]+ (- )?/, ""); print "  FAILED   " $0; failed = 1; next }
	     /^ *ok / { failed = 0 }
	     /^ *# / && failed { sub(/^ */, ""); print "           " $0 }' "$1"
}

# parse FILE: let the kernel's kunit.py judge; print "N passed, N failed, N skipped".
parse()
{
	parsed=${1%.ktap}
	status=0
	python3 "$source_dir/unpatched/tools/testing/kunit/kunit.py" parse \
		--json="$parsed.json" "$1" >"$parsed.parsed" 2>&1 || status=1
	counts=$(sed -n 's/.*Testing complete\. Ran [0-9]* tests: *//p' "$parsed.parsed" | tail -n 1)
	echo "${counts:-crashed: 1}" | awk -v status=$status '{
		gsub(/,/, "")
		for (i = 1; i < NF; i += 2)
			n[$i] = $(i + 1)
		failed = n["failed:"] + n["crashed:"] + n["errors:"]
		if (status && !failed)
			failed = 1
		printf "%d passed, %d failed, %d skipped\n", n["passed:"], failed, n["skipped:"]
	}'
	return $status
}
