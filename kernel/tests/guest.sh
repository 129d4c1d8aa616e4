#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Real guests that go wrong, each in its own way, by the path that make check takes.
. "$(dirname "$0")/common/tap.sh"
. "$top/kernel/tests/common/stub.sh"
export V=
kernel=patched
limit=240	# seconds; only the hang uses its time up, which is less
common=$top/kernel/tests/common

# compile WRONG: as what is in tools/testing/selftests/mm is, static
compile()
{
	(
		. "$scripts/lib.sh"
		load_kernel $kernel
		# shellcheck disable=SC2154
		$cc -O2 -Wall -Werror -static -DWRONG="$1" -I "$tree" -isystem "$obj/usr/include" \
			-I "$tree/tools/testing/selftests/mm" -o "$dir/every$1" "$dir/every.c"
	)
}

plan 22
echo "$passing" | overlay
expect 0 "7 passed, 0 failed, 0 skipped" "a guest with a passing program" guest

printf '%s\n' '#!/bin/sh' 'echo 1..1; echo "not ok 1 broken"; exit 1' | overlay
expect 1 "FAILED   broken" "a deliberately failing test" guest

printf '%s\n' '#!/bin/sh' 'echo 1..1; kill -SEGV $$' | overlay
expect 1 "FAILED   stub prints no case" "a program that crashes" guest

printf '%s\n' '#!/bin/sh' 'echo 1..2; echo ok 1 a; echo c >/proc/sysrq-trigger; echo ok 2 b' | overlay
expect 1 "FAILED   kernel panic" "a kernel panic in mid-run" guest

printf '%s\n' '#!/bin/sh' 'echo 1..2; echo ok 1 a; reboot -f' | overlay
expect 1 "FAILED   vanished" "a guest that vanishes" guest

# Behind everything that check does, by a wrapper in its place.
cat >"$dir/late" <<'END'
. /guest/check-itself
result=$?
echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT
[ $result = 0 ]
END
echo "$passing" | overlay "file /guest/check-itself $top/kernel/guest/check 644 0 0" \
	"file /guest/check $dir/late 644 0 0"
expect 1 "FAILED   splat on the console" "a WARN after the last test" guest

echo "no module" >"$dir/module"
echo "$passing" | overlay "file /lib/test_hmm.ko $dir/module 644 0 0"
expect 1 "FAILED   test_hmm loads" "a module that does not load" guest

printf '%s\n' '#!/bin/sh' 'echo 1..1; echo ok 1 a; sleep 1000 </dev/hmm_dmirror0 >/dev/null 2>&1 &' | overlay
expect 1 "FAILED   test_hmm unloads" "a module that is held" guest

# What is in a ramfs cannot be reclaimed, and counts as that.
printf '%s\n' '#!/bin/sh' 'mkdir /tmp/ramfs; mount -t ramfs none /tmp/ramfs' \
	'dd if=/dev/zero of=/tmp/ramfs/file bs=1M count=1 2>/dev/null; echo 1..1; echo ok 1 a' | overlay
expect 1 "FAILED   counters are at their baseline" "a program that leaves memory behind" guest

printf '%s\n' '#!/bin/sh' 'echo 1..2; echo not ok 1 a; while :; do :; done' | overlay
export GUEST_ARGS=devthp.stop=1
expect 1 "TEST     stub # exit status 137: 0 passed, 1 failed" "the first case that fails is the last" guest

# Once the kernel has said something, what is left is not run, and is counted as that.
printf '%s\n' stub hmm-tests >"$dir/two"
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo ok 1 a; echo WARNING >/sys/kernel/debug/provoke-crash/DIRECT' |
	overlay "file /tests.list $dir/two 644 0 0"
export GUEST_ARGS=devthp.splat=stop
expect 1 "NOT RUN  3: the kernel is tainted: 512" "a WARN in a program that passes ends the run" guest

printf '%s\n' '#!/bin/sh' 'echo 1..1; echo ok 1 a; echo "BUG: Bad rss-counter state" >/dev/kmsg' |
	overlay "file /tests.list $dir/two 644 0 0"
expect 1 "NOT RUN  3: there is a splat on the console" "a splat that leaves no taint ends it as well" guest

printf '%s\n' hmm-tests stub >"$dir/two"
echo "$passing" | overlay "file /tests.list $dir/two 644 0 0"
export GUEST_ARGS="devthp.shard=2/2 devthp.splat=stop"
expect 0 "7 passed, 0 failed, 0 skipped" "a shard has its programs only" guest
unset GUEST_ARGS

# What a killed program has changed the next one does not find, and it finds the devices,
# whoever has unloaded their module; who has, has failed, although its cases passed.
printf '%s\n' stub after >"$dir/two"
printf '%s\n' '#!/bin/sh' '. /tmp/look; echo 1..1; [ "$(look)" = "$(cat /tmp/was)" ] && echo ok 1 as it was || {' \
	'look | diff /tmp/was - | sed "s/^/# /"; echo not ok 1 as it was; }' >"$dir/after"
cat >"$dir/changes" <<'END'
#!/bin/sh
thp=/sys/kernel/mm/transparent_hugepage/enabled
echo "look() { cat $thp /proc/sys/vm/min_free_kbytes /proc/swaps; echo /sys/block/zram* /sys/fs/cgroup/*/; }" >/tmp/look
. /tmp/look
look >/tmp/was
echo never >$thp
echo 12345 >/proc/sys/vm/min_free_kbytes
mkdir /sys/fs/cgroup/devthp.1
disk=zram$(cat /sys/class/zram-control/hot_add)
echo 16M >/sys/block/$disk/disksize
mkswap /dev/$disk >/dev/null && swapon /dev/$disk
echo 1..1
look | diff /tmp/was - | sed 's/^/# /'
while :; do :; done
END
overlay "file /tests.list $dir/two 644 0 0" "file /tests/after $dir/after 755 0 0" <"$dir/changes"
export GUEST_ARGS=devthp.limit=10
expect 1 "TEST     after: 1 passed, 0 failed" "what a program has changed that is killed is put back" guest
unset GUEST_ARGS

printf '%s\n' '#!/bin/sh' 'echo "look() { ls /dev/hmm_dmirror0; }" >/tmp/look; . /tmp/look; look >/tmp/was' \
	'echo 1..1; rmmod test_hmm && echo ok 1 a' |
	overlay "file /tests.list $dir/two 644 0 0" "file /tests/after $dir/after 755 0 0"
expect 1 "TEST     after: 1 passed, 0 failed" "a module that is gone is loaded again" guest
expect 0 "FAILED   stub # exit status 1" "who has left it so has failed" cat "$dir/$number.log"

# The C program that devthp-stress writes of what it has done there does the same, and
# sees what is not as it should be.
printf '%s\n' '#!/bin/sh' \
	'/tests/devthp/devthp-stress --replay=/tests/every.replay --programs --output=/tmp || exit' \
	'sed "s/^/#C /" /tmp/every.c' | overlay "file /tests/every.replay $common/every.replay 644 0 0"
expect 0 "7 passed, 0 failed, 0 skipped" "a program is written in a guest" guest
sed -n 's/^ *#C \{0,1\}//p' "$dir/guest$number/tests.log" >"$dir/every.c"
for wrong in 0 1; do
	expect 0 "" "it compiles with WRONG=$wrong" compile $wrong
done
printf '%s\n' '#!/bin/sh' 'echo TAP version 13; echo 1..2' \
	'/tests/every0 >/tmp/0 2>&1 && echo ok 1 right || sed "s/^/# /" /tmp/0' \
	'/tests/every1 >/tmp/1 2>&1 || echo ok 2 wrong' | overlay "file /tests/every0 $dir/every0 755 0 0" \
	"file /tests/every1 $dir/every1 755 0 0"
expect 0 "8 passed, 0 failed, 0 skipped" "it passes there, and fails when it is wrong" guest

printf '%s\n' '#!/bin/sh' 'echo 1..2; echo ok 1 a; while :; do :; done' | overlay
export GUEST_ARGS=devthp.limit=2
expect 1 "stub was killed after 2 s" "a program that takes longer than it may" guest
unset GUEST_ARGS

limit=15
expect 1 "FAILED   hang" "a hang" guest
$all_passed
