# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Guests that never were: what they left, and what judge.sh makes of it.

# What a guest left that did all well; each case then spoils one thing of it.
guest()
{
	left=$dir/left$number
	rm -rf "$left"
	mkdir -p "$left"
	echo "exit 0" >"$left/end"
	printf 'ready 6.12\ntaint 0\nexit 0\n' >"$left/status"
	echo "[    1.0] devthp: all is quiet" >"$left/console.log"
	printf '%s\n' "KTAP version 1" "1..1" "    TAP version 13" "    1..2" \
		"    ok 1 one" "    ok 2 two" "ok 1 hmm-tests" >"$left/tests.log"
	cp "$left/tests.log" "$left/baseline"
}

judge()
{
	"$scripts/judge.sh" "$left" "$left/baseline"
}
