#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.sh FILE.ktap VERDICT: beside FILE, from it and what the guests of that run left
# there, FILE.json and FILE.xml (JUnit) for machines, and FILE.html for people: one page,
# which needs no other file. VERDICT is what the run says last, "N passed, ...".
. "$(dirname "$0")/lib.sh"
. "$top/kernel/scripts/ktap.sh"
scripts=$top/kernel/scripts
base=${1%.ktap}
dir=$(dirname "$1")
verdict=$2
[ -f "$1" ] || die "there is no $1 to report on."
work=$base.report
mkdir -p "$work"

# The programs that failed, whatever they ran on.
failed_programs()
{
	awk -F '\t' '$1 == "fail" && $2 != "" { sub(/.*\//, "", $2); print $2 }' "$work/cases" | sort -u | xargs
}

# Of each guest that has something to say. Those that the runner's tests break are deeper
# down, and the unpatched kernel may die of a program.
consoles()
{
	for log in "$dir/console.log" "$dir"/*/console.log "$dir"/*/*/console.log; do
		[ -f "$log" ] || continue
		case ${log#"$dir/"} in
		unpatched/*) grep -q "^fail	unpatched" "$work/cases" || continue ;;
		esac
		left=$(dirname "$log")
		ended=$(grep -s '^exit ' "$left/status" || :)
		plain "$log" | awk -v programs="$(failed_programs)" -v ended="$ended" -f "$scripts/console.awk" \
			part=words "$scripts/splat.grep" part=console - >"$work/excerpt"
		[ -s "$work/excerpt" ] || continue
		echo "== ${log#"$dir/"}"
		cat "$work/excerpt"
	done
}

# The fragments that results.sh names.
fragments()
{
	sed -n 's/^config [^ ]* [^ ]* of //p' "$work/versions" | xargs -n 1 | sort -u | while read -r name; do
		fragment=$top/kernel/config/$name
		[ -f "$fragment" ] || continue
		echo "== $name"
		plain "$fragment"
	done
}

cases "$1" >"$work/cases"
: >"$work/versions"
[ ! -f "$dir/versions" ] || plain "$dir/versions" >"$work/versions"
consoles >"$work/consoles"
fragments >"$work/config"
red=
case $verdict in
*" 0 failed,"*) ;;
*) red=1 ;;
esac

awk -v verdict="$verdict" -f "$scripts/json.awk" \
	part=versions "$work/versions" part=cases "$work/cases" >"$base.json"
awk -f "$scripts/xml.awk" -f "$scripts/junit.awk" \
	part=versions "$work/versions" part=cases "$work/cases" >"$base.xml"
awk -v verdict="$verdict" -v red=$red -f "$scripts/xml.awk" -f "$scripts/html.awk" \
	part=versions "$work/versions" part=cases "$work/cases" \
	part=consoles "$work/consoles" part=config "$work/config" >"$base.html"
rm -r "$work"
