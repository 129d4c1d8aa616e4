#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# noticed.sh DIR: who noticed that something is wrong with the kernel whose guest left DIR
# (see boot.sh), in one line:
#   killed PROGRAM: CASE	a test, or what is looked at behind all tests
#   crashed PROGRAM: WORDS	the kernel died while that ran
#   hung PROGRAM		the guest used its time up
#   splat WORDS			only the kernel said something
#   survived			nobody
#   no boot WORDS		no program ran, so that nothing is known
. "$(dirname "$0")/lib.sh"
dir=$1

# The program that was running when the guest ended.
running()
{
	sed -n 's,.*devthp: devthp/\(.*\) begins.*,\1,p' "$dir/console.log" | tail -n 1 | tr -d '\r'
}

splat()
{
	grep -aFn -f "$top/kernel/scripts/splat.grep" "$dir/console.log" | grep -v '[]] devthp: ' |
		sed -n '1s/^[^]]*] *//p' | tr -d '\r'
}

if ! grep -qE '^(ready|exit) ' "$dir/status"; then
	echo "no boot: $(tail -n 1 "$dir/console.log" | sed 's/^[^]]*] *//' | tr -d '\r')"
	exit
fi
failure=$(awk '/^    not ok / && first == "" { first = $0; sub(/^ *not ok [0-9]+ (- )?/, "", first) }
	/^ok / { first = "" }
	/^not ok / { name = $0; sub(/^not ok [0-9]+ (- )?/, "", name); why = name; sub(/ *#.*/, "", name)
		     sub(/^[^#]*# */, "", why); print name ": " (first == "" ? why : first); exit }' "$dir/tests.log")
if [ -n "$failure" ]; then
	echo "killed $failure"
elif grep -q '^exit ' "$dir/status"; then
	words=$(splat)
	echo "${words:+splat }${words:-survived}"
elif [ "$(cat "$dir/end")" = timeout ]; then
	echo "hung $(running)"
else
	words=$(splat)
	echo "crashed $(running): ${words:-nothing said}"
fi
