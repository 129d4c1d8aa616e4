#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make build/source/patched from build/source/unpatched and the series, at fuzz 0.
# Only the files that the series touches are patched, aside, and taken over where
# they differ: the others keep their times, so that little is compiled again.
. "$(dirname "$0")/lib.sh"
alone build

from=$source_dir/unpatched
to=$source_dir/patched
aside=$source_dir/aside
touched=$source_dir/touched		# by the series that is in $to now
where=$(sed -n 1p "$source_dir/origin")
release=$(sed -n 's/^release //p' "$source_dir/origin")

[ -f "$series_dir/series" ] || die "there is no series in $series_dir."
patches=$(series_patches)
for patch in $patches; do
	[ -f "$series_dir/$patch" ] || die "the series names $patch, which is not in $series_dir."
done

# The files that the patches on stdin add, change, move or remove.
files_of()
{
	sed -n -e 's,^--- a/\([^[:space:]]*\).*,\1,p' -e 's,^+++ b/\([^[:space:]]*\).*,\1,p' \
	       -e 's/^rename from //p' -e 's/^rename to //p' | sort -u
}

apply_aside()
{
	rm -rf "$aside"
	mkdir -p "$aside"
	(cd "$series_dir" && cat series $patches) | files_of >"$aside.files"
	(cd "$from" && xargs -r -d '\n' ls -d 2>/dev/null <"$aside.files" |
		xargs -r -d '\n' cp --parents -t "$aside") || :
	[ -n "$patches" ] || return 0
	cd "$aside"
	QUILT_PATCHES=$series_dir quilt --quiltrc - push -a --fuzz=0 \
		>"$build/log/patch.log" 2>&1 || refuse
	cd "$top"
}

refuse()
{
	cat "$build/log/patch.log" >&2
	patch=$(sed -n 's/^Applying patch //p' "$build/log/patch.log" | tail -n 1)
	file=$(awk '/^patching file / { f = $3 } /FAILED|can.t find file/ { print f; exit }' \
		"$build/log/patch.log")
	die "patch $(basename "${patch:-?}") does not apply to ${file:-its file} of Linux $release (fuzz 0)."
}

take_over()
{
	sort -u "$aside.files" "$touched" 2>/dev/null >"$aside.all" || :
	cp "$aside.all" "$touched"
	while read -r file; do
		new=$aside/$file
		grep -qxF -- "$file" "$aside.files" || new=$from/$file
		if [ ! -e "$new" ]; then
			rm -f "$to/$file"
		elif ! cmp -s "$new" "$to/$file"; then
			mkdir -p "$(dirname "$to/$file")"
			rm -f "$to/$file"	# may be a hard link into $from
			cp "$new" "$to/$file"
		fi
	done <"$aside.all"
	mv "$aside.files" "$touched"
	rm -rf "$aside" "$aside.all"
}

# Everything that the series does not touch follows the source.
follow_source()
{
	if up_to_date "$to.origin" "$where" && [ -d "$to" ]; then
		sed 's,^,/,' "$touched" >"$aside.keep"
		rsync -a --delete --exclude-from="$aside.keep" \
			--exclude=/tools/testing/selftests/devthp "$from/" "$to/"
		rm "$aside.keep"
	else
		rm -rf "$to" "$to.new" "$to.origin" "$touched"
		cp -al "$from" "$to.new"
		mv "$to.new" "$to"
		: >"$touched"
		stamp "$to.origin" "$where"
	fi
}

key=$(cat "$source_dir/origin"; cd "$series_dir" && digest series $patches)
if up_to_date "$source_dir/patched.stamp" "$key" && [ -d "$to" ]; then
	exit 0
fi
apply_aside
rm -f "$source_dir/patched.stamp"
follow_source
take_over
say PATCH "$(echo "$patches" | grep -c .) patches on Linux $release"
stamp "$source_dir/patched.stamp" "$key"
