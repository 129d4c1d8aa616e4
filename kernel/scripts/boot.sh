#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh KERNEL JOB DIR SECONDS [OVERLAY]: boot a guest that does JOB (a script
# of kernel/guest), within SECONDS by the measure of the default kernel. In DIR are then
#   console.log  what the kernel said
#   tests.log    what the programs said; it also goes to stdout as it comes
#   status       what the guest stated
#   end          how QEMU ended: "exit N", or "timeout" when its time was over
#   coverage.tar of the coverage kernel: how often its lines were reached
# OVERLAY is a cpio archive laid over the initramfs. IMAGE in the environment is booted in
# place of the kernel's own. No verdict here: verdict.sh.
. "$(dirname "$0")/lib.sh"
load_kernel "$1"
job=$2
dir=$3
seconds=$4
[ "$seconds" = infinity ] || seconds=$((seconds * slowness))
initramfs=$kernel_dir/initramfs.cpio
accel=${ACCEL:-$(cat "$arch_dir/accel" 2>/dev/null || :)}
[ -n "$accel" ] || die "no accelerator is chosen; make accel does that."

mkdir -p "$dir"
rm -f "$dir/console.log" "$dir/tests.log" "$dir/status" "$dir/end"
if [ -n "${5:-}" ]; then
	cat "$initramfs" "$5" >"$dir/initramfs.cpio"
	initramfs=$dir/initramfs.cpio
fi

# The test stream is QEMU's stdout (not a stdio chardev: that closes with stdin, and
# the guest would wait for it to open); an interactive guest has its console there.
channels="-chardev file,id=tests,path=/dev/stdout -serial file:$dir/console.log"
[ "$job" != shell ] || channels="-chardev null,id=tests -serial mon:stdio"

# Where the guest counts lines, it hands out what it has counted.
counts=
[ "$kernel" != coverage ] || counts="-chardev file,id=coverage,path=$dir/coverage.tar \
	-device virtserialport,chardev=coverage,name=coverage"

# GUEST_ARGS and QEMU_ARGS add to what the guest and QEMU are told; the latter may
# override.
args="console=$console oops=panic panic=-1 rdinit=/init watchdog_thresh=60 printk.devkmsg=on"
args="$args $machine_args $kernel_args ${GUEST_ARGS:-}"
args="$args devthp.job=$job devthp.kernel=$kernel devthp.slowness=$slowness${lacks:+ devthp.lacks=$lacks}"

# timeout must not take QEMU away from the terminal, or ^C would not reach it.
run_qemu()
{
	begin=$(date +%s)
	# shellcheck disable=SC2046,SC2086
	timeout --foreground -k 5 "$seconds" "$qemu" $(qemu_machine) -accel "$accel" \
		-nodefaults -no-user-config -display none -no-reboot -smp "$processors,sockets=$processors" -m "$memory" \
		-kernel "${IMAGE:-$obj/$image}" -initrd "$initramfs" \
		-append "$args" \
		-device virtio-serial $channels \
		-device virtserialport,chardev=tests,name=tests \
		-chardev file,id=status,path="$dir/status" \
		-device virtserialport,chardev=status,name=status $counts ${QEMU_ARGS:-} \
		2>"$dir/qemu.log" && status=0 || status=$?
	# Killed before its time, it was not by timeout.
	if [ $status = 137 ] && [ "$seconds" != infinity ] && [ $(($(date +%s) - begin)) -lt "$seconds" ]; then
		echo "killed: no memory left?"
	elif [ $status = 124 ] || [ $status = 137 ]; then
		echo timeout
	else
		echo "exit $status"
	fi >"$dir/end"
}

if [ "$job" = shell ]; then
	run_qemu
else
	run_qemu </dev/null | tee "$dir/tests.log"
fi
rm -f "$dir/initramfs.cpio"
