#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# abi.sh HEADERS MAP LIBRARY: do the headers of that directory, and the two others, name
# the same functions? The library shows no data either.
set -eu

headers=$1 map=$2 library=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat "$headers"/*.h | sed -n '/^DEVTHP_API/,/;/p' | grep -o 'devthp_[a-z0-9_]*(' | tr -d '(' |
	sort -u > "$tmp/header"
sed -n 's/^[[:space:]]*\(devthp_[a-z0-9_]*\);$/\1/p' "$map" | sort > "$tmp/map"
${NM:-nm} -D --defined-only "$library" | sed -n 's/.* [^A] \([^@]*\).*/\1/p' |
	sort > "$tmp/library"

[ -s "$tmp/header" ] || { echo "$headers declares no function" >&2; exit 1; }
status=0
for other in map library; do
	if ! diff "$tmp/header" "$tmp/$other" > "$tmp/diff"; then
		echo "the headers (<) and the $other (>) disagree:" >&2
		grep '^[<>]' "$tmp/diff" >&2
		status=1
	fi
done
exit $status
