#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The parts that a list is split in: together they are the list, and none has what
# another has. What is no such part is refused; guests are told of theirs. No boot.
. "$(dirname "$0")/common/tap.sh"

in_lib()
{
	sh -c '. "$0"; eval "$1"' "$scripts/lib.sh" "$1"
}

# Of ten lines in so many parts.
together()
{
	for part in $(seq 1 "$1"); do
		seq 1 10 | in_lib "of_shard $part/$1"
	done | sort -n | diff "$dir/list" - && echo "all of $(wc -l <"$dir/list")"
}

given()
{
	SHARD=$1 in_lib shard_given
}

plan 17
seq 1 10 >"$dir/list"
for parts in 1 2 3 7 10 12; do
	expect 0 "all of 10" "a list in $parts parts" together $parts
done
expect 0 "1/1" "no part is all" given ""
expect 0 "3/12" "a part" given 3/12
for wrong in 0/3 4/3 3 a/b 1/2/3 /2 2/; do
	expect 1 "SHARD=$wrong is not N/M" "\"$wrong\" is no part" given "$wrong"
done

# The command lines of the guests that have it, QEMU being a stub.
mkdir -p "$dir/stubs"
printf '#!/bin/sh\necho "$@"\n' >"$dir/stubs/qemu"
chmod +x "$dir/stubs/qemu"
for qemu in qemu-system-x86_64 qemu-system-aarch64; do
	ln -sf qemu "$dir/stubs/$qemu"
done
guests()
{
	PATH="$dir/stubs:$PATH" ACCEL=none SHARD=2/3 STATES=few "$scripts/guests.sh" patched "$dir/guests" 10 >/dev/null
	cat "$dir"/guests/*/tests.log
}
expect 0 " devthp.share=1/" "guests are told what is theirs" guests
expect 0 " devthp.shard=2/3 devthp.states=few devthp.splat=stop " "and when to stop" guests
$all_passed
