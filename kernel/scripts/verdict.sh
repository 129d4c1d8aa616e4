#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# verdict.sh DIR: did the guest whose boot left DIR end as it should? Cases in
# KTAP: it stated its result, its kernel printed no splat (up to its last line, so
# also after the last test; words of ours do not count), it is not tainted, and
# where it looks for leaks it found none.
. "$(dirname "$0")/lib.sh"
dir=$1
failed=0

stated()
{
	sed -n "s/^$1 //p" "$dir/status" 2>/dev/null | tail -n 1
}

result()
{
	[ "$1" = ok ] || failed=1
	echo "$1 $2"
}

last_words()
{
	sed 's/\r$//' "$dir/console.log" 2>/dev/null | tail -n "$1" | sed 's/^/# | /'
}

# What became of a guest that did not get to stating a result.
fate()
{
	if grep -q 'Kernel panic' "$dir/console.log" 2>/dev/null; then
		echo "kernel panic: $(sed -n 's/.*Kernel panic - not syncing: //p' "$dir/console.log" | sed -n '1s/\r$//p')"
	elif [ "$(cat "$dir/end" 2>/dev/null)" = timeout ]; then
		echo "hang: the guest did not end within its time"
	elif [ "$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')" -lt 1024 ]; then
		echo "no space left in $dir"
	elif [ -z "$(stated ready)" ]; then
		echo "no boot: QEMU ended ($(cat "$dir/end")) before init ran: $(tail -n 1 "$dir/qemu.log")"
	else
		echo "vanished: QEMU ended ($(cat "$dir/end")) and the guest had stated no result"
	fi
}

echo "KTAP version 1"
leaks=$(stated leaks)
echo "1..$((3 + (${#leaks} != 0)))"
if [ -n "$(stated exit)" ] && [ "$(cat "$dir/end")" = "exit 0" ]; then
	case $(stated exit) in
	0) result ok "1 guest states success" ;;
	*) result "not ok" "1 guest states failure" ;;
	esac
else
	result "not ok" "1 $(fate)"
	last_words 20
fi

splats=$(grep -aFn -f "$top/kernel/scripts/splat.grep" "$dir/console.log" 2>/dev/null |
	sed -e '/[]] devthp: /d' -e 's/\r$//' || :)
if ! [ -s "$dir/console.log" ]; then
	result "not ok" "2 no console to look for splats on"
elif [ -z "$splats" ]; then
	result ok "2 no splat on the console"
else
	result "not ok" "2 splat on the console"
	echo "$splats" | head -n 20 | sed 's/^/# | /'
fi

# Expected: bit 18, a test module (test_hmm may say so of itself).
taint=$(stated taint)
if [ -z "$taint" ]; then
	result ok "3 kernel not tainted # SKIP the guest did not come to stating it"
elif [ $((taint & ~(1 << 18))) = 0 ]; then
	result ok "3 kernel not tainted"
else
	result "not ok" "3 kernel tainted: $taint"
fi

case $leaks in
'') ;;
0) result ok "4 kmemleak finds no leak" ;;
*)
	result "not ok" "4 kmemleak finds leaks: $leaks"
	sed -n 's/.*devthp: leak: //p' "$dir/console.log" | sed 's/\r$//' | head -n 40 | sed 's/^/# | /' ;;
esac
[ $failed = 0 ]
