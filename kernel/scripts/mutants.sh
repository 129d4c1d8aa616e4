#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh: is each fault of kernel/mutants noticed? MUTANTS="NAME..." are tried, or
# all of this architecture: those in its own files, and behind them those in no arch/.
# SHARD=N/M takes every Mth of them, for several machines. What was found out is kept in
# $build/mutants, and not tried again for the same kernel and programs. Prints a line for
# each, the table of all (docs/mutants.md) into that directory, and the counts; fails if
# one survived that its patch does not call equivalent.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
load_kernel mutant
scripts=$top/kernel/scripts
results=$build/mutants
shard=$(shard_given)
alone mutants

names=$(faults_given)
names=${names:-$(cd "$faults" && ls -- *.patch | sed 's/\.patch$//' | faults_of_this_arch)}
names=$(echo "$names" | xargs -n 1 | of_shard "$shard")

# The tree that the faults are put into, and the kernel without any.
prepare()
{
	if ! up_to_date "$tree.stamp" "$(cat "$source_dir/patched.stamp")"; then
		rm -rf "$tree" "$tree.stamp"
		cp -al "$source_dir/patched" "$tree"
		stamp "$tree.stamp" "$(cat "$source_dir/patched.stamp")"
	fi
	# A run that was cut off. By patch, so that the objects are older than the file.
	if [ -f "$tree.fault" ]; then
		patch -d "$tree" -p1 -s -R -F0 -f <"$tree.fault" >/dev/null || :
		rm "$tree.fault"
	fi
	"$scripts/config.sh" mutant
	"$scripts/build.sh" mutant
	"$scripts/programs.sh" hmm-tests mutant
	"$scripts/initramfs.sh" mutant
}

made_from()
{
	{
		cat "$faults/$1.patch" "$scripts/mutant.sh" "$source_dir/patched.stamp"
		cat "$kernel_dir/config.stamp" "$kernel_dir/initramfs.cpio"
	} | digest -
}

# tell NUMBER NAME: what became of it
tell()
{
	printf '  %-9s%s of %s, %s: %s\n' MUTANT "$1" "$count" "$2" "$(cat "$results/$2.result")"
}

# Of the last one, if there is one, whose guest may be running. One that could not even be
# started ends the run: nothing is known then.
finish()
{
	[ -n "$running" ] || return 0
	[ -z "$guest" ] || wait "$guest"
	# shellcheck disable=SC2086
	set -- $running
	running=
	grep -q '^no boot' "$results/$2.result" || stamp "$results/$2.stamp" "$3"
	tell "$1" "$2"
}

# The guest of one runs while the next is compiled.
try_next()
{
	rm -f "$results/$2.stamp"
	"$scripts/mutant.sh" build "$2" "$results/$2" >"$results/$2.result"
	finish
	running="$1 $2 $3"
	guest=
	[ ! -s "$results/$2.result" ] || return 0
	"$scripts/mutant.sh" boot "$results/$2" >"$results/$2.result" &
	guest=$!
}

prepare
mkdir -p "$results"
count=$(echo "$names" | wc -w)
number=0
running=
for name in $names; do
	number=$((number + 1))
	key=$(made_from "$name")
	if up_to_date "$results/$name.stamp" "$key"; then
		tell $number "$name"
	else
		try_next $number "$name" "$key"
	fi
done
finish

# One line of the table: what is wrong, who noticed, by what.
row()
{
	result=$(cat "$results/$1.result")
	what=$(sed '/^$/q' "$faults/$1.patch" | tr '\n' ' ' | sed 's/ *$//')
	case $result in
	survived*|splat*)
		why=$(sed -n 's/^equivalent: //p' "$faults/$1.patch")
		[ -z "$why" ] || result="equivalent: $why" ;;
	esac
	echo "| \`$1\` | $what | $result |"
}

{
	echo "| fault | what is wrong | noticed by |"
	echo "|---|---|---|"
	for name in $names; do
		row "$name"
	done
} >"$results/table.md"

killed=$(grep -cE '\| (killed|crashed|hung) ' "$results/table.md" || :)
equivalent=$(grep -c '| equivalent: ' "$results/table.md" || :)
survived=$((count - killed - equivalent))
say TABLE "$results/table.md"
echo "$killed killed, $survived survived, $equivalent equivalent"
[ $survived = 0 ]
