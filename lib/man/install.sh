#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# install.sh BUILT DIRECTORY: install the man pages that were built, if any, and for each
# function a link to the page that shows it. Runs in lib/.
set -eu
built=$1
directory=$2

for page in "$built"/*.[13]; do
	[ -e "$page" ] || continue
	name=${page##*/}
	section=man${name##*.}
	mkdir -p "$directory/$section"
	install -m 644 "$page" "$directory/$section/$name"
	sed -n 's/^@\(devthp_[a-z0-9_]*\)$/\1/p' "man/$name.scd" | while read -r function; do
		[ "$function.3" != "$name" ] || continue
		echo ".so man3/$name" >"$directory/$section/$function.3"
	done
done
