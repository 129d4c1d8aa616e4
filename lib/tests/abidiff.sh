#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# abidiff.sh check | write LIBRARY: compare the ABI with the baseline in abi/, which is
# that of the first version with this major number on the library's machine, whatever this
# one is; or write a new baseline. Runs in lib/.
# What was added is no break. Exit status 4: nothing to compare with or by, as is said.
set -u
library=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

lack()
{
	echo "$*"
	exit 4
}

broken()
{
	sed 's/^/  /'
	cat <<-EOT
	Programs that were built with the baseline in lib/abi/ break with this library. Undo
	it: add a function, a constant or a member at the end instead. Or begin a new ABI:
	raise DEVTHP_VERSION_MAJOR, name the new version in libdevthp.map, and take a new
	baseline: make -C lib abi-baseline
	EOT
	exit 1
}

constants()
{
	awk -f abi/constants.awk include/*.h | sort
}

# Whose the library is, by the name that uname -m has there
machine()
{
	case $(readelf -h "$library" | sed -n 's/^ *Machine: *//p') in
	*X86-64) echo x86_64 ;;
	AArch64) echo aarch64 ;;
	*) uname -m ;;
	esac
}

# As small as can be: what programs can see, and no places in the source.
describe()
{
	abidw --headers-dir include --drop-private-types --exported-interfaces-only \
		--no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed \
		--no-parameter-names --type-id-style hash "$library" | sed 's/^ *//'
}

# Structures that do not begin with their size, but for what the library hands to backends
rigid()
{
	awk '
	name != "" && !/size_t size;/ { print name }
	{ name = "" }
	/^struct devthp_[a-z0-9_]+ \{/ && $2 !~ /_backend_/ { name = $2 }' include/*.h
}

# A report of abidiff that tells of nothing but structures with more members at the end,
# that begin with their size, or are the library's own.
only_grown()	# REPORT
{
	awk -v rigid=" $(rigid | xargs) " '
	/^$/ || /^(Leaf changes|Changed leaf types|Removed.Changed.Added .*) summary:/ { next }
	/^.struct devthp_[a-z0-9_]+. changed:$/ {
		gsub(/[^a-z0-9_ ]/, "")
		if (index(rigid, " " $2 " "))
			exit 1
		next
	}
	/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { end = $5; next }
	/^  [0-9]+ data member insertions?:$/ { next }
	/^    .*, at offset [0-9]+ \(in bits\)$/ && $(NF - 2) >= end { next }
	{ exit 1 }' "$1"
}

[ -e "$library" ] || { echo "there is no $library"; exit 1; }
command -v abidiff >/dev/null || lack "no abidiff here (package abigail-tools)"
readelf -S "$library" | grep -q '\.debug_info' || lack "built without -g"
machine=$(machine)
baseline=abi/libdevthp-$machine.abi
describe >"$tmp/abi"
[ -s "$tmp/abi" ] || { echo "abidw tells nothing of $library"; exit 1; }

case $1 in
write)
	cp "$tmp/abi" "$baseline"
	constants >abi/constants
	;;
check)
	[ -e "$baseline" ] || lack "no baseline of $machine in lib/abi"
	constants >"$tmp/constants"
	comm -23 abi/constants "$tmp/constants" >"$tmp/changed"
	[ ! -s "$tmp/changed" ] ||
		{ echo "constants that are gone, or changed:"; cat "$tmp/changed"; } | broken || exit 1
	abidiff --leaf-changes-only --no-added-syms "$baseline" "$tmp/abi" >"$tmp/diff" 2>&1
	# Bits: 1, 2 it failed; 4 something changed, which is for us to judge; 8 incompatibly
	result=$?
	[ $((result & 3)) = 0 ] || { cat "$tmp/diff"; exit 1; }
	[ $result = 0 ] || only_grown "$tmp/diff" || broken <"$tmp/diff"
	;;
esac
exit 0
