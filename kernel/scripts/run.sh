#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The main job: boot, let the guest print the life of one folio, judge the guest.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
scripts=$top/kernel/scripts

dir=$("$scripts/results.sh" run)
"$scripts/boot.sh" patched run "$dir" 120
if "$scripts/verdict.sh" "$dir" >"$dir/verdict.ktap"; then
	say RUN "ok, see $dir"
else
	grep -v -e '^KTAP' -e '^1\.\.' -e '^ok' "$dir/verdict.ktap" >&2
	die "the run failed, see $dir"
fi
