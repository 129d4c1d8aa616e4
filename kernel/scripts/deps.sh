#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh [LIST...]: install the Debian packages that are missing, naming them first:
# of kernel/deps, and of kernel/deps-LIST.
. "$(dirname "$0")/lib.sh"
load_arch

# Every verb that builds comes by here first: mark the build directory as ours,
# so that make distclean will never remove another.
if [ -d "$build" ] && [ ! -f "$build/.devthp" ] && [ -n "$(ls -A "$build")" ]; then
	die "O=$build is not empty and not a build directory of devthp; name another."
fi
mkdir -p "$build/log" || die "the build directory $build cannot be made; move it with O=dir."
: >"$build/.devthp"

present()
{
	case $1 in
	/bin/busybox) [ -x "$1" ] && ! ldd "$1" >/dev/null 2>&1 ;; # a static one
	/*) [ -e "$1" ] ;;
	*) have "$1" ;;
	esac
}

lists=$(for list; do echo "$top/kernel/deps-$list"; done)
missing=$(
	{ cat "$top/kernel/deps" ${lists} | sed '/^#/d'; echo "$qemu $qemu_package"; echo "${cross}gcc $cross_packages"; } |
	while read -r need package; do
		present "$need" || echo "$package"
	done | xargs -n 1 | sort -u | xargs
)
[ -n "$missing" ] || exit 0

say DEPS "missing: $missing"
have apt-get ||
	die "these packages are missing and there is no apt-get to install them: $missing" \
	    "Install them by hand (names are Debian's), then run make again."
sudo=
if [ "$(id -u)" != 0 ]; then
	have sudo || die "these packages are missing, and installing them takes root or sudo: $missing"
	sudo=sudo
fi

install_missing()
{
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $missing
}

# Package lists may be absent (a fresh image) or older than the archive.
say DEPS "apt-get update"
logged "$build/log/apt.log" $sudo apt-get update -q ||
	die "apt-get update failed, so these packages stay missing: $missing"
say DEPS "apt-get install"
logged "$build/log/apt.log" install_missing ||
	die "apt-get could not install: $missing"
