#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh KERNEL: compile the kernel and its modules.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel "$1"

log=$kernel_dir/build.log
made_from()
{
	{ cat "$kernel_dir/config.stamp" "$obj/.config" && $cc --version; } | digest -
}

if up_to_date "$kernel_dir/build.stamp" "$(made_from)" && [ -f "$obj/$image" ]; then
	exit 0
fi
rm -f "$kernel_dir/build.stamp"

targets="$image_target modules headers"
objects='^  (CC|AS)( |\[)'
started=$(date +%s)

# On a terminal, first ask make what it would do: that is the "of how many".
run_make()
{
	if [ -t 1 ] && [ "$V" != 1 ]; then
		kmake -s modules_prepare >"$log" 2>&1 || return 1
		total=$(kmake -k -n $targets 2>/dev/null | grep -cE "echo '?  (CC|AS)( |\[)" || :)
		{ kmake -j"$jobs" $targets 2>&1 && touch "$kernel_dir/built"; } | tee "$log" |
			awk_as_it_comes -v total="$total" -v what="$kernel" -f "$top/kernel/scripts/progress.awk"
	elif [ "$V" = 1 ]; then
		{ kmake -j"$jobs" V=1 $targets 2>&1 && touch "$kernel_dir/built"; } | tee "$log"
	else
		kmake -j"$jobs" $targets >"$log" 2>&1 && touch "$kernel_dir/built"
	fi
}

say KERNEL "$kernel: compiling on $jobs processors"
rm -f "$kernel_dir/built"
run_make || :
[ -f "$kernel_dir/built" ] || {
	log_tells "$log"
	die "the $kernel kernel does not build."
}
say KERNEL "$kernel: $(grep -cE "$objects" "$log" || :) objects compiled in $(($(date +%s) - started)) s"
stamp "$kernel_dir/build.stamp" "$(made_from)"
