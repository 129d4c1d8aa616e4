#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel that dies of a program is no reason not to run the others on it; but one
# that dies of what is not ours is no kernel to compare with.
. "$(dirname "$0")/common/tap.sh"
. "$top/kernel/tests/common/stub.sh"

# programs NAME...: of that order; "dies" takes the kernel with it
programs()
{
	printf '%s\n' '#!/bin/sh' 'echo 1..1; echo c >/proc/sysrq-trigger' >"$dir/dies"
	echo "$passing" | overlay "dir /tests/devthp 755 0 0" \
		"file /tests/devthp/dies $dir/dies 755 0 0" "file /tests/dies $dir/dies 755 0 0" \
		"file /tests/devthp/stub $dir/stub 755 0 0"
	printf '%s\n' "$@" >"$dir/programs"
}

run()
{
	rm -rf "$dir/boots"
	"$scripts/baseline.sh" patched "$dir/programs" "$dir/boots" 60 "$dir/overlay.cpio"
	cat "$dir/boots/end"
	grep -a "$1" "$dir/boots/tests.log"
}

plan 3
programs devthp/dies devthp/stub
expect 0 "not ok 0 dies # the kernel died" "a program that the kernel dies of" run "^not ok"
expect 0 "ok 2 stub" "what comes behind it" grep -a "^ok" "$dir/boots/tests.log"
programs dies devthp/stub
expect 1 "kernel panic" "a kernel that dies of what is not ours" run "^ok . stub"
$all_passed
