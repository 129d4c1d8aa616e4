#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# portable.sh DIR: the portable part of selftests/ on this machine, no root, module or
# VM: with the model of a device (lib/model/), with each fault that can be built into
# it, and with the toy that is made of the skeleton (lib/skeleton/). So does
# devthp-stress, with its corpus and the same lists each time. KTAP on stdout.
. "$(dirname "$0")/lib.sh"
. "$top/kernel/scripts/ktap.sh"
load_kernel patched
dir=$1
mkdir -p "$dir"
if [ -n "$cross" ]; then
	echo "KTAP version 1"
	echo "1..1"
	echo "ok 1 portable selftests # SKIP they are built for $ARCH, which this machine is not"
	exit 0
fi
programs="portable_migrate portable_access portable_mappings portable_device"
toy_lines=200

# They need no root, and are not to have it: what they can do to this machine with it
# is for guests. Not everybody may look into $build.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
plainly=
if [ "$(id -u)" = 0 ] && have setpriv; then
	plainly="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all"
fi
cp -r "$top/selftests/corpus" "$place/"
chmod -R a+rX "$place/corpus"

# build_with NAME BACKEND FLAGS: the programs with a backend, in $build/portable/NAME
build_with()
{
	mkdir -p "$build/portable/$1"
	# shellcheck disable=SC2046,SC2086
	make -j"$jobs" -C "$tree/tools/testing/selftests/devthp" OUTPUT="$build/portable/$1" \
		DEVTHP_LIB="$top/lib" BACKEND="$2" USERCFLAGS="$3" \
		KHDR_INCLUDES="-isystem $obj/usr/include" CC="$cc" top_srcdir="$tree" \
		$(printf "$build/portable/$1/%s " $programs devthp-stress) || return 1
	mkdir "$place/$1"
	(cd "$build/portable/$1" && cp $programs devthp-stress "$place/$1/")
}

# ends_well FILE COMMAND...: its KTAP. Behind it, if that is not what the exit status is of:
# what crashes after its last test, or never ends.
ends_well()
{
	out=$1
	shift
	timeout 900 "$@" >"$out.ktap" 2>"$out.err" </dev/null && status=0 || status=$?
	case $status in
	0|1|4) grep -q '^ok ' "$out.ktap" || tail -n 20 "$out.err" >>"$out.ktap" ;;
	*)
		echo "not ok 0 exit status $status"
		tail -n 20 "$out.err" | sed 's/^/# /' ;;
	esac >>"$out.ktap"
}

# run_with NAME: a suite for each program
run_with()
{
	echo "KTAP version 1"
	echo "1..4"
	n=0
	for program in $programs; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		ends_well "$dir/$1-$program" $plainly "$place/$1/$program"
		suite $n "$program" "$dir/$1-$program.ktap"
	done
}

# stress_with NAME: random lists, and those of the corpus
stress_with()
{
	# shellcheck disable=SC2086
	ends_well "$dir/$1-stress" $plainly "$place/$1/devthp-stress" \
		--corpus="$place/corpus" --seeds=12 --steps=100
}

# A test that asks for a member that is absent says which; the model has all of them.
lacks_are_named()
{
	echo "KTAP version 1"
	echo "1..6"
	n=0
	for member in snapshot fail_alloc drain usage hold; do
		n=$((n + 1))
		if grep -qh "^ok .* # SKIP backend toy: $member is not supported" \
				"$dir"/toy-portable_*.ktap; then
			echo "ok $n $member"
		else
			echo "not ok $n $member"
		fi
	done
	if grep -h "# SKIP backend" "$dir"/model-portable_*.ktap | sed 's/^/# /' | grep .; then
		echo "not ok 6 nothing, by the model"
	else
		echo "ok 6 nothing, by the model"
	fi
}

# What the skeleton does not have: changed and added lines.
few_lines()
{
	lines=$(diff "$top/lib/skeleton/mydriver.c" "$top/lib/skeleton/toy.c" | grep -c '^>')
	echo "KTAP version 1"
	echo "1..1"
	if [ "$lines" -le "$toy_lines" ]; then
		echo "ok 1 the toy is the skeleton and $lines lines"
	else
		echo "not ok 1 the toy is the skeleton and $lines lines, more than $toy_lines"
	fi
}

guide_says()	# NUMBER WHOSE PATTERN
{
	if grep -q "$3" "$dir/guide.log"; then
		echo "ok $1 the first test of the $2"
	else
		echo "not ok $1 the first test of the $2"
		tail -n 20 "$dir/guide.log" | sed 's/^/# /'
	fi
}

# What docs/porting.md has its reader type, in a directory of his own, up to the first
# green test: of the toy; the skeleton's is a skip. Of a kernel's tree there is what it
# takes, with headers that are installed already.
guide_leads_there()
{
	mkdir -p "$place/linux/tools/testing/selftests" "$place/own" "$place/tmp"
	ln -s "$tree"/tools/testing/selftests/*.* "$place/linux/tools/testing/selftests/"
	ln -s "$tree/include" "$tree/mm" "$tree/lib" "$obj/usr" "$place/linux/"
	awk '/^## / { here = /first green test/ }
		/^```/ { code = !code; next }
		here && code && (/^(make|cp|ln|\/tmp)/ || /^\t/) && !/ headers$/' "$top/docs/porting.md" |
		sed "s,/tmp/,$place/tmp/,g" >"$place/guide"
	(cd "$place/own" && DEVTHP=$top LINUX=$place/linux MAKEFLAGS=-j$jobs sh "$place/guide") \
		>"$dir/guide.log" 2>&1 </dev/null || :
	echo "KTAP version 1"
	echo "1..2"
	first="^ok 1 migration.goes_there_and_back"
	guide_says 1 toy "$first\$"
	guide_says 2 skeleton "$first # SKIP backend mydriver: "
}

# Each fault by the test that must notice; without it that test must pass (model).
run_faults()
{
	echo "KTAP version 1"
	grep -v '^#' "$top/lib/model/faults" >"$dir/faults"
	echo "1..$(wc -l <"$dir/faults")"
	while read -r number program case what; do
		if ! grep -q "^ok .*$case\$" "$dir/model-$program.ktap"; then
			echo "ok $number $what # SKIP $case does not pass without the fault"
		elif MODEL_FAULT=$number $plainly timeout 60 "$place/model/$program" -r "$case" \
				>"$dir/fault-$number.ktap" 2>&1 </dev/null; then
			echo "not ok $number $what"
			echo "# $program -r $case passes all the same"
		else
			echo "ok $number $what"
		fi
	done <"$dir/faults"
}

for each in "model $top/lib/model -DMODEL_FAULTS" "toy $top/lib/skeleton/toy.c"; do
	# shellcheck disable=SC2086
	set -- $each ""
	if ! build_with "$1" "$2" "$3" >"$dir/$1-build.log" 2>&1; then
		echo "KTAP version 1"
		echo "1..1"
		echo "not ok 1 the programs do not build with $2"
		tail -n 20 "$dir/$1-build.log" | sed 's/^/# /'
		exit 0
	fi
done
{
	run_with toy >"$dir/toy.ktap"
	stress_with toy
} &
{
	mkdir "$place/stress"
	chmod 777 "$place/stress"
	# shellcheck disable=SC2086
	"$top/kernel/tests/portable/stress.sh" "$place/stress" "$place/corpus" "$tree" \
		"$obj/usr/include" $plainly "$place/model/devthp-stress" >"$dir/stress.ktap" || :
} &
run_with model >"$dir/model.ktap"
run_faults >"$dir/faults.ktap"
stress_with model
wait
few_lines >"$dir/lines.ktap"
lacks_are_named >"$dir/lacks.ktap"
guide_leads_there >"$dir/guide.ktap"
echo "KTAP version 1"
echo "1..9"
suite 1 "model of a device" "$dir/model.ktap"
suite 2 "faults of the model are noticed" "$dir/faults.ktap"
suite 3 "toy made of the skeleton" "$dir/toy.ktap"
suite 4 "size of the toy" "$dir/lines.ktap"
suite 5 "what the toy lacks is named" "$dir/lacks.ktap"
suite 6 "random operations on the model" "$dir/model-stress.ktap"
suite 7 "random operations on the toy" "$dir/toy-stress.ktap"
suite 8 "devthp-stress finds, replays and minimises" "$dir/stress.ktap"
suite 9 "the porting guide leads to the first green test" "$dir/guide.ktap"
