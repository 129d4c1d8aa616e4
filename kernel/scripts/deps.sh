#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh [LIST...]: install the Debian packages that are missing, naming them first:
# of kernel/deps, and of kernel/deps-LIST. What runs in a guest of another architecture
# than this machine's is not installed, but taken out of its package.
. "$(dirname "$0")/lib.sh"
load_arch

# Every verb that builds comes by here first: what make was told that is wrong is said
# before anything is done.
for given in "minutes_given 1" shard_given states_given budget_given faults_given sources_given; do
	$given >/dev/null
done

# Mark the build directory as ours, so that make distclean will never remove another.
if [ "$build" != "$top/build" ] && [ -d "$build" ] && [ ! -f "$build/.devthp" ] && [ -n "$(ls -A "$build")" ]; then
	die "O=$build is not empty and not a build directory of devthp; name another."
fi
mkdir -p "$build/log" || die "the build directory $build cannot be made; move it with O=dir."
: >"$build/.devthp"
alone build

present()
{
	case $1 in
	/bin/busybox) [ -x "$1" ] && ! ldd "$1" >/dev/null 2>&1 ;; # a static one
	/*) [ -e "$1" ] ;;
	*) have "$1" ;;
	esac
}

# The emulator, and a compiler; one of another architecture has a C library beside it.
of_the_architecture()
{
	echo "$qemu $qemu_package"
	echo "${cross}gcc ${cross_packages% *}"
	[ -z "$cross" ] || echo "/usr/$gnu_triplet/include/stdio.h ${cross_packages#* }"
}

# apt of another architecture, whose lists are its own: this machine's know nothing of it.
apt_of_the_architecture()
{
	apt-get -q -o APT::Architecture="$debian_arch" -o APT::Architectures="$debian_arch" \
		-o APT::Sandbox::User=root -o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" \
		-o Dir::State::status=/dev/null "$@"
}

# The program of the guest, for an architecture that packages here are not of.
bring_busybox()
{
	[ -n "$cross" ] && [ ! -x "$busybox" ] || return 0
	apt=$arch_dir/apt
	say DEPS "busybox-static of $debian_arch"
	have apt-get || die "there is no apt-get here: put a static busybox of $debian_arch at $busybox."
	rm -rf "$apt"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/root"
	logged "$build/log/apt-$ARCH.log" apt_of_the_architecture update ||
		die "apt-get update failed for $debian_arch, whose busybox-static is needed."
	cd "$apt"
	logged "$build/log/apt-$ARCH.log" apt_of_the_architecture download busybox-static ||
		die "apt-get could not download busybox-static of $debian_arch."
	logged "$build/log/apt-$ARCH.log" dpkg-deb -x ./busybox-static_*.deb root ||
		die "the package of busybox-static of $debian_arch is broken."
	for place in bin usr/bin; do
		[ ! -f "$apt/root/$place/busybox" ] || cp "$apt/root/$place/busybox" "$busybox.new"
	done
	mv "$busybox.new" "$busybox"
	cd "$top"
	rm -rf "$apt"
}

lists=$(for list; do echo "$top/kernel/deps-$list"; done)
missing=$(
	{ cat "$top/kernel/deps" ${lists} | sed '/^#/d'; of_the_architecture; } |
	while read -r need package; do
		present "$need" || echo "$package"
	done | xargs -n 1 | sort -u | xargs
)
if [ -z "$missing" ]; then
	bring_busybox
	exit 0
fi

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
bring_busybox
