#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bench.sh: measure on the nodebug kernel, in a guest whose clock counts
# instructions; twice, as the same must come out.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
scripts=$top/kernel/scripts

# Two nanoseconds an instruction, one processor, and nothing that differs from one
# boot to the next: seeds, the date, addresses.
export GUEST_ARGS="norandmaps nokaslr tsc=reliable tsc_early_khz=1000000 devthp.instruction=2"
export ACCEL=tcg,thread=single
# And no thread of the host that the guest would have to wait for.
export QEMU_ARGS="-icount shift=1,sleep=off -smp 1,sockets=1 -seed 1 -rtc base=2000-01-01,clock=vm -global virtio-serial-pci.ioeventfd=off"

dir=$("$scripts/results.sh" bench)
for run in 1 2; do
	say BENCH "run $run of 2"
	"$scripts/boot.sh" nodebug bench "$dir/$run" 300 >/dev/null
done
cat "$dir/1/tests.log"
"$scripts/verdict.sh" "$dir/1" >"$dir/verdict.ktap" && good=true || good=false
failed=$(grep -c '^FAIL' "$dir/1/tests.log" || :)

# A goal that is missed makes the guest state failure; that is said already.
if ! $good && [ "$failed" = 0 ]; then
	grep -v -e '^KTAP' -e '^1\.\.' -e '^ok' "$dir/verdict.ktap" >&2
	die "the bench failed, see $dir"
fi
cmp -s "$dir/1/tests.log" "$dir/2/tests.log" || {
	diff "$dir/1/tests.log" "$dir/2/tests.log" >&2 || :
	die "the second run differs from the first, see $dir"
}
$good || die "goals missed: $failed, see $dir"
say BENCH "all goals reached, the same in both runs, see $dir"
