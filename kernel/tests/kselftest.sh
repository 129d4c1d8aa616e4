#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The installed selftests by the kernel's own runner, as in somebody else's VM: one boot,
# without test_hmm first, then with it.
. "$(dirname "$0")/common/tap.sh"
installed=$BUILD/$ARCH/selftests

cat >"$dir/job" <<'END_OF_JOB'
. /guest/module
cd /tests
ln -s /proc/self/fd/1 /dev/stdout
run()
{
	echo "# $1" >&3
	shift
	./run_kselftest.sh "$@" 2>&1 | cat >&3	# which opens its output anew
}
run "no module" -t devthp:whole_folio
load_module
run "module" -t devthp:whole_folio -t devthp:broken -t devthp:gone
unload_module
END_OF_JOB
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo not ok 1 a; exit 1' >"$dir/broken"
{
	cat "$installed/kselftest-list.txt"
	printf 'devthp:%s\n' broken gone
} >"$dir/kselftest-list.txt"

boot()
{
	printf '%s\n' "file /guest/kselftest $dir/job 644 0 0" \
		"file /tests/run_kselftest.sh $installed/run_kselftest.sh 755 0 0" \
		"dir /tests/kselftest 755 0 0" \
		"file /tests/kselftest/runner.sh $installed/kselftest/runner.sh 755 0 0" \
		"file /tests/kselftest-list.txt $dir/kselftest-list.txt 644 0 0" \
		"file /tests/devthp/broken $dir/broken 755 0 0" >"$dir/overlay.list"
	"$BUILD/$ARCH/patched/obj/usr/gen_init_cpio" "$dir/overlay.list" >"$dir/overlay.cpio"
	"$scripts/boot.sh" patched kselftest "$dir/guest" 120 "$dir/overlay.cpio"
	cat "$dir/guest/status"
}

# in_run NAME: what was said in that run
in_run()
{
	awk -v name="# $1" '/^# (no )?module$/ { is_it = $0 == name } is_it' "$dir/guest/tests.log"
}

plan 7
expect 0 "exit 0" "the guest runs them" boot
expect 0 "ok 1 selftests: devthp: whole_folio # SKIP" "without the module it skips" in_run "no module"
expect 0 "load its driver" "it says what is missing" in_run "no module"
expect 0 "ok 1 selftests: devthp: whole_folio" "with the module it passes" in_run module
expect 0 "# timeout set to 300" "it has the time that it asks for" in_run module
expect 0 "not ok 2 selftests: devthp: broken # exit=1" "one that fails is told" in_run module
expect 0 "not ok 3 selftests: devthp: gone" "one that is not there is told" in_run module
$all_passed
