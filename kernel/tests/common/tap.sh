# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# What the tests of the scripts share. A test is run as TEST.sh DIR, where DIR is
# a directory of its own, and prints KTAP.
set -u
# What make was told is not for the scripts that a test calls.
unset STATES BUDGET SHARD MINUTES MUTANTS GUEST_ARGS QEMU_ARGS IMAGE DEVTHP_GROUP
top=$(cd "${0%kernel/tests/*}." && pwd)
scripts=$top/kernel/scripts
dir=$1
number=0
all_passed=true

plan()
{
	echo "KTAP version 1"
	echo "1..$1"
}

# expect STATUS TEXT TITLE COMMAND...: the command must end with STATUS (0, or 1
# for any failure) and say TEXT.
expect()
{
	wanted=$1
	text=$2
	title=$(echo "$3" | tr -d '#')	# which would be a directive
	shift 3
	number=$((number + 1))
	log=$dir/$number.log
	if "$@" >"$log" 2>&1 </dev/null; then is=0; else is=1; fi
	if [ $is = "$wanted" ] && { [ -z "$text" ] || grep -qF -- "$text" "$log"; }; then
		echo "ok $number $title"
	else
		all_passed=false
		echo "not ok $number $title"
		echo "# exit status $is, wanted $wanted; to be said: $text"
		tail -n 10 "$log" | sed 's/^/# | /'
	fi
}
