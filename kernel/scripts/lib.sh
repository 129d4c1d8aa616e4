# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# What every script shares: where things are, how to say something, how to stop.
# A script is run as kernel/scripts/NAME.sh and sources this file first.
set -eu
export LC_ALL=C

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$top/build}
ARCH=${ARCH:-x86_64}
[ "${V:=}" = 1 ] || V=
jobs=$(nproc)
export BUILD="$build" ARCH V

# One quiet line a step, as kbuild has them: "  FETCH    linux-source-6.12".
say()
{
	printf '  %-9s%s\n' "$1" "$2"
}

die()
{
	printf 'devthp: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '        %s\n' "$@" >&2
	exit 1
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# alone NAME: of the scripts that say so, one is at work in the build directory, until it
# ends; another waits, maybe of another make.
alone()
{
	mkdir -p "$build"
	exec 9>"$build/.$1.lock"
	flock -n 9 || {
		say WAIT "another make is at work in $build"
		flock 9
	}
}

# own_group SCRIPT ARGUMENT...: run it as a group of processes of its own. Whatever ends
# it, ^C too, ends the guests that it has in the background.
own_group()
{
	[ -z "${DEVTHP_GROUP:-}" ] || return 0
	DEVTHP_GROUP=1 setsid "$@" & group=$!
	trap 'kill -s TERM -- -$group 2>/dev/null || :' EXIT
	trap 'exit 130' INT
	trap 'exit 143' HUP TERM
	wait $group
	exit
}

# A value of kernel/BASE by its keyword (the first of its lines).
base()
{
	awk -v key="$1" '$1 == key { print $2; exit }' "$top/kernel/BASE"
}

series_dir=${SERIES_DIR:-$top/kernel/patches/$(base series)}
source_dir=$build/source

# Stamps: a stage writes the key of what it was made from behind its result,
# so a stage that was cut short has no stamp and is simply done again.
up_to_date()
{
	[ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

stamp()
{
	printf '%s\n' "$2" >"$1"
}

# awk for what comes line by line, and is to be seen as it comes: mawk would wait for more.
awk_as_it_comes()
{
	case $(awk -W version 2>&1 </dev/null) in
	mawk*) awk -W interactive "$@" ;;
	*) awk "$@" ;;
	esac
}

# A short name for the content of files: stdin or the files named.
digest()
{
	cat "$@" | sha256sum | cut -c1-16
}

# Run a command with its output in a log. On failure show what matters of it.
logged()
{
	log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if [ "$V" = 1 ]; then
		{
			status=$({ { "$@" 2>&1 3>&- && s=0 || s=$?; echo $s >&3; } |
				tee "$log" >&4; } 3>&1)
		} 4>&1
	else
		"$@" >"$log" 2>&1 && status=0 || status=$?
	fi
	[ "$status" = 0 ] || log_tells "$log"
	return "$status"
}

log_tells()
{
	if grep -q 'No space left on device' "$1"; then
		echo "No space left on the file system of $build." >&2
	fi
	grep -nE '(: |^)([Ee]rror|ERROR|undefined reference|fatal)|\*\*\*' "$1" | head -n 10 >&2 ||
		tail -n 10 "$1" >&2
	echo "The whole log: $1" >&2
}

need_space()
{
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$free" -ge "$2" ] ||
		die "no space left in $1: $free MiB are free, $3 takes $2 MiB." \
		    "Free some, or move the build directory with O=dir."
}

# The patches of the series, in order.
series_patches()
{
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$series_dir/series" | awk '{ print $1 }'
}

. "$top/kernel/scripts/kernels.sh"
. "$top/kernel/scripts/given.sh"
