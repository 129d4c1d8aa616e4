#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own test_hmm.sh, as the series leaves it: its exit status is that of
# what went wrong. The module and hmm-tests are stubs. No boot.
. "$(dirname "$0")/common/tap.sh"
stubs=$dir/stubs
mkdir -p "$stubs"
cp "$BUILD/source/patched/tools/testing/selftests/mm/test_hmm.sh" "$stubs/"

# stub NAME STATUS [WORDS]: a program that says something and ends like that
stub()
{
	printf '#!/bin/sh\necho %s\nexit %s\n' "${3:-$1}" "$2" >"$stubs/$1"
	chmod +x "$stubs/$1"
}

# smoke MODPROBE HMM-TESTS: run it, with these two ending like that
smoke()
{
	stub id 0 0
	stub modinfo 0
	stub modprobe "$1"
	stub hmm-tests "$2"
	status=0
	PATH="$stubs:$PATH" bash "$stubs/test_hmm.sh" smoke || status=$?
	echo "status $status"
}

plan 4
expect 0 "status 0" "hmm-tests that pass" smoke 0 0
expect 0 "status 1" "hmm-tests that fail" smoke 0 1
expect 0 "status 4" "hmm-tests that skip" smoke 0 4
expect 0 "status 1" "a module that does not load" smoke 1 0
$all_passed
