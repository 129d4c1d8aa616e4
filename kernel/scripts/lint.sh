#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lint.sh shell | selftests | series | checkpatch: check the style of our scripts, that the
# selftests reach the device by the library alone, that the series is a mailbox that git
# takes as it is, or what the kernel's own checkpatch says of it.
. "$(dirname "$0")/lib.sh"

lint_shell()
{
	cd "$top"
	shellcheck -s sh -S warning -x -P kernel/scripts -e SC1090,SC1091,SC2154 \
		kernel/scripts/*.sh kernel/tests/*.sh kernel/tests/*/*.sh kernel/arch/*.sh \
		lib/tests/*.sh lib/man/*.sh docs/ci/*.sh
	shellcheck -s busybox -S warning -e SC1090,SC1091,SC2154 kernel/guest/* 2>/dev/null ||
		shellcheck -s dash -S warning -e SC1090,SC1091,SC2154,SC3013 kernel/guest/*
}

# But for tests of what test_hmm itself promises; docs/porting.md names them. The words of
# the module, or its file, would keep others from any backend but that.
lint_selftests()
{
	cd "$top/selftests"
	others=$(grep -lE 'test_hmm_uapi\.h|driver(_other)?_file\(|open\("/dev/hmm' ./*.c common/*.c |
		grep -vxE '(\./(driver_arguments|driver_killed|window_insert)|common/driver)\.c') || :
	[ -z "$others" ] || die "these speak to test_hmm without the library:" "$others"
}

patches()
{
	series_patches | sed "s,^,$series_dir/,"
}

# A repository of just the files that the series touches is enough.
lint_series()
{
	aside=$source_dir/git-am
	rm -rf "$aside"
	mkdir -p "$aside"
	(cd "$source_dir/unpatched" && xargs -r -d '\n' ls -d <"$source_dir/touched" 2>/dev/null |
		xargs -r -d '\n' cp --parents -t "$aside") || :
	[ -n "$(patches)" ] || return 0
	# Of the repository that a hook may have been called for nothing is wanted.
	# shellcheck disable=SC2046
	unset $(git rev-parse --local-env-vars)
	export GIT_CONFIG_GLOBAL=/dev/null
	cd "$aside"
	git init -q
	git config user.name devthp
	git config user.email devthp@localhost
	git add -A -f
	git commit -q --allow-empty -m base
	# shellcheck disable=SC2046
	git am -q --no-3way $(patches)
	cd "$top"
	rm -rf "$aside"
}

# The commits that messages name are in a history that a source package lacks.
lint_checkpatch()
{
	found=0
	for patch in $(patches); do
		GIT_DIR=none "$source_dir/patched/scripts/checkpatch.pl" --root="$source_dir/patched" \
			-q --color=never --show-types --ignore UNKNOWN_COMMIT_ID "$patch" || found=1
	done
	return $found
}

case $1 in
shell) lint_shell ;;
selftests) lint_selftests ;;
series) lint_series ;;
checkpatch) lint_checkpatch ;;
*) die "there is nothing \"$1\" to lint." ;;
esac
