#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check.sh [PART...]: run make check's tests (lint runner lib portable guest unpatched, or
# those of them that kernel/arch names), or those parts; there are also debug,
# runner-debug, nodebug, kcsan, probe and series.
# Every part leaves KTAP; the kernel's kunit.py judges the whole, and the last line is
# "N passed, N failed, N skipped".
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
. "$top/kernel/scripts/ktap.sh"
load_kernel patched
alone check
scripts=$top/kernel/scripts
baseline=$arch_dir/unpatched/baseline
guest_limit=3600
since=
unpatched=	# process that boots that kernel
mark=		# what its programs said, if guest is to be no worse

# case_of NUMBER NAME COMMAND...: one case, its output as diagnosis of a failure
case_of()
{
	title="$1 $2"
	shift 2
	if output=$("$@" 2>&1); then
		echo "ok $title"
	else
		echo "not ok $title"
		echo "$output" | sed 's/^/# /'
	fi
}

# timed COMMAND...: and a line that tells its time behind what it prints. One may call
# another; no subshell, as parts wait for jobs.
timed()
{
	since="$(date +%s) $since"
	"$@"
	echo "# time $(($(date +%s) - ${since%% *})) s"
	since=${since#* }
}

part_lint()
{
	echo "KTAP version 1"
	echo "1..4"
	if have shellcheck; then
		case_of 1 shellcheck "$scripts/lint.sh" shell
	else
		echo "ok 1 shellcheck # SKIP shellcheck is not installed"
	fi
	if have git; then
		case_of 2 "series applies with git am" "$scripts/lint.sh" series
	else
		echo "ok 2 series applies with git am # SKIP git is not installed"
	fi
	case_of 3 "checkpatch finds nothing in the series" "$scripts/lint.sh" checkpatch
	case_of 4 "selftests reach the device by the library alone" "$scripts/lint.sh" selftests
}

# The library's own stream; a bad exit status counts even if no case says so.
part_lib()
{
	status=0
	timeout 1800 make -C "$top/lib" O="$build/host-lib" check >"$dir/lib.log" 2>"$dir/lib.err" || status=$?
	echo "KTAP version 1"
	echo "1..2"
	grep -E '^ *((TAP|KTAP) version|1\.\.|(not )?ok |#)' "$dir/lib.log" >"$dir/lib.cases" || :
	suite 1 "unit tests" "$dir/lib.cases"
	if [ $status = 0 ]; then
		echo "ok 2 exit status"
	else
		echo "not ok 2 exit status $status"
		tail -n 20 "$dir/lib.err" | sed 's/^/# /'
	fi
}

# Selftests on this machine, with devices that need no kernel of ours.
part_portable()
{
	"$scripts/portable.sh" "$dir/portable"
}

# The unpatched kernel is booted once for each image and set of programs.
boot_unpatched()
{
	key=$(digest "$arch_dir/unpatched/obj/$image" "$arch_dir/unpatched/initramfs.cpio" \
		"$scripts/boot.sh" "$scripts/baseline.sh")
	! up_to_date "$baseline.stamp" "$key" || return 0
	rm -rf "$baseline" "$baseline.stamp"
	say BOOT "unpatched kernel, for comparison" >&3
	"$scripts/baseline.sh" unpatched "$arch_dir/unpatched/tests.list" "$baseline" $guest_limit
	[ -s "$baseline/end" ] || stamp "$baseline.stamp" "$key"
}

# Beside what comes before, as it keeps one processor busy. Two parts need it, and a
# shell has a job's status only once.
await_unpatched()
{
	[ -z "$unpatched" ] || wait "$unpatched"
	unpatched=
}

# There, a new selftest that passes proves nothing.
part_unpatched()
{
	await_unpatched
	cp -R "$baseline" "$dir/unpatched"
	echo "KTAP version 1"
	echo "1..$((1 + $(grep -c '^devthp/' "$arch_dir/unpatched/tests.list")))"
	if [ -s "$baseline/end" ]; then
		echo "not ok 1 the unpatched kernel runs all programs"
		grep -v '^ok' "$baseline/end" | sed 's/^/# /'
	else
		echo "ok 1 the unpatched kernel runs all programs"
	fi
	awk -v first=2 -v programs="$(sed -n 's,^devthp/,,p' "$arch_dir/unpatched/tests.list" | xargs)" \
		-f "$scripts/not-green.awk" "$baseline/tests.log"
}

part_guest()
{
	"$scripts/guests.sh" patched "$dir/guest" $guest_limit >&3
	await_unpatched
	"$scripts/judge-guests.sh" "$dir/guest" "$mark"
	cat "$dir/guest/guest.ktap"
}

# The other kernels have no unpatched one beside them: all must pass there.
part_debug()
{
	"$scripts/guests.sh" "$part" "$dir/guest-$part" $guest_limit >&3
	"$scripts/judge-guests.sh" "$dir/guest-$part"
	cat "$dir/guest-$part/guest.ktap"
}

part_nodebug()
{
	part_debug
}

part_kcsan()
{
	part_debug
}

part_probe()
{
	part_debug
}

part_series()
{
	"$scripts/series.sh" "$dir/series"
}

part_runner()
{
	run_scripts "$top"/kernel/tests/*.sh
}

part_runner_debug()
{
	run_scripts "$top"/kernel/tests/debug/*.sh
}

run_scripts()
{
	echo "KTAP version 1"
	echo "1..$#"
	number=0
	for script; do
		number=$((number + 1))
		name=$(basename "$script" .sh)
		mkdir -p "$dir/runner/$name"
		timed "$script" "$dir/runner/$name" >"$dir/runner/$name.ktap" || :
		suite $number "$name" "$dir/runner/$name.ktap"
	done
}

check_known_failures
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $check_parts
dir=$("$scripts/results.sh" check)
exec 3>&1	# parts talk to the user here, their stdout is KTAP

# Where make check has an unpatched kernel, guest is measured by it.
case " $* : $check_parts " in
*" unpatched "*:*|*" guest "*:*" unpatched "*)
	mark=$baseline/tests.log
	boot_unpatched & unpatched=$! ;;
esac
# The runner's tests boot guests that wait or die early, beside the real tests.
for part; do
	say CHECK "$part"
	case $part in
	runner) timed part_runner >"$dir/runner.ktap" & ;;
	*) timed "part_$(echo "$part" | tr - _)" >"$dir/$part.ktap" ;;
	esac
done
wait
{
	echo "KTAP version 1"
	echo "1..$#"
	number=0
	for part; do
		number=$((number + 1))
		suite $number "$part" "$dir/$part.ktap"
	done
} >"$dir/results.ktap"

known_failures "$dir/results.ktap"
failures "$dir/results.ktap"
not_run "$dir/results.ktap"
say RESULTS "$dir"
conclude "$dir/results.ktap"
