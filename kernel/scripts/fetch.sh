#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Bring the kernel's source to build/source/unpatched: KERNEL_SRC (a tree or a
# tarball) if given, else Debian's source package at the pinned version, else at
# the version that apt offers. build/source/origin says what is there: where it
# comes from, its release, and for a tree how often it was seen changed.
. "$(dirname "$0")/lib.sh"
alone build

origin=$source_dir/origin
unpacked=$source_dir/unpatched
fresh=$source_dir/unpatched.new
space_mib=6000			# sources and objects of both kernels

# Refuse everything that the series is not for, in words.
check_release()
{
	dir=$1
	what=$2
	[ -f "$dir/Makefile" ] && [ -f "$dir/Kbuild" ] && [ -f "$dir/mm/memory.c" ] ||
		die "$what is not a Linux kernel tree."
	release=$(awk '$2 == "=" && $1 == "VERSION" { v = $3 }
		$2 == "=" && $1 == "PATCHLEVEL" { p = $3 }
		$2 == "=" && $1 == "SUBLEVEL" { s = $3 }
		END { print v "." p "." s }' "$dir/Makefile")
	case $release in
	"$(base series)".*) ;;
	*) die "$what is Linux $release, but the series is for Linux $(base series)." \
	       "Give a $(base series) tree or tarball with KERNEL_SRC=, or none for Debian's package." ;;
	esac
}

# unpack TARBALL ORIGIN: into a new directory, which then takes the old one's place.
unpack()
{
	mkdir -p "$source_dir"
	need_space "$source_dir" $space_mib "building both kernels"
	rm -rf "$fresh"
	mkdir "$fresh"
	say UNPACK "$(basename "$1")"
	logged "$build/log/unpack.log" tar -C "$fresh" --strip-components=1 -xf "$1" || {
		rm -rf "$fresh"
		die "$1 could not be unpacked: is it a tarball, and whole?"
	}
	take_over "$1" "$2"
}

take_over()
{
	(check_release "$fresh" "$1") || { rm -rf "$fresh"; exit 1; }
	rm -rf "$unpacked" "$origin"
	mv "$fresh" "$unpacked"
	printf '%s\nrelease %s\n' "$2" \
		"$(check_release "$unpacked" "$1" && echo "$release")" >"$origin"
	say SOURCE "Linux $(sed -n 's/^release //p' "$origin")"
}

unpacked_is()
{
	[ -f "$origin" ] && [ "$(sed -n 1p "$origin")" = "$1" ]
}

fetch_tarball()
{
	name=$(realpath "$1")
	id="tarball $name $(stat -c '%s %Y' "$name")"
	unpacked_is "$id" || unpack "$name" "$id"
}

# A tree may change under its owner's hands, so it is compared each time; what
# is new gets the time of now, or kbuild would not see it.
fetch_tree()
{
	name=$(realpath "$1")
	case $source_dir/ in
	"$name"/*) die "the build directory $build is inside KERNEL_SRC; move it with O=dir." ;;
	esac
	check_release "$name" "KERNEL_SRC=$1"
	to=$unpacked
	unpacked_is "tree $name" || {
		to=$fresh
		mkdir -p "$source_dir"
		need_space "$source_dir" $space_mib "building both kernels"
		say COPY "$name"
	}
	rsync -a --delete --out-format=%n \
		--exclude=.git --exclude='*.o' --exclude='*.a' --exclude='*.ko' --exclude='*.cmd' \
		--exclude=/.config --exclude=/include/config --exclude=/include/generated \
		--exclude='/arch/*/include/generated' --exclude=/vmlinux \
		"$name/" "$to/" >>"$build/log/tree.log" ||
		die "copying $name to $to failed; the next run continues."
	# What a run that was cut off has copied is in the list, too.
	if [ "$to" = "$fresh" ]; then
		take_over "KERNEL_SRC=$1" "tree $name"
	elif grep -q -v '/$' "$build/log/tree.log"; then
		grep -v -e '/$' -e '^deleting ' "$build/log/tree.log" |
			(cd "$to" && xargs -r -d '\n' touch -c -h)
		changes=$(sed -n 's/^changes //p' "$origin")
		printf 'tree %s\nrelease %s\nchanges %d\n' "$name" "$release" $((${changes:-0} + 1)) >"$origin"
	fi
	rm "$build/log/tree.log"
}

# The versions of the package that apt offers, newest first.
offered()
{
	apt-cache madison "$(base package)" 2>/dev/null | awk '{ print $3 }'
}

fetch_package()
{
	package=$(base package)
	pinned=$(awk '$1 == "pinned" { print $2 }' "$top/kernel/BASE")
	for version in $pinned; do
		! unpacked_is "package $package $version" || return 0
	done

	# The machine may have it installed, else apt downloads it; neither the
	# package's dependencies nor root are needed to get at its tarball.
	have apt-cache ||
		die "there is no apt here to get $package from; give a tree or tarball with KERNEL_SRC=."
	[ -n "$(offered)" ] || [ "$(id -u)" != 0 ] || apt-get update -q >"$build/log/apt.log" 2>&1 || :
	versions=$(offered)
	[ -n "$versions" ] ||
		die "apt does not know $package; run apt-get update, or give a tree or tarball with KERNEL_SRC=."
	version=
	for wanted in $pinned "$(base release)-"; do
		version=$(echo "$versions" | grep -F -- "$wanted" | sed -n 1p)
		[ -z "$version" ] || break
	done
	if [ -z "$version" ]; then
		version=$(echo "$versions" | sed -n 1p)
		say NOTE "apt no longer offers $package $(base release); taking $version instead"
	fi
	! unpacked_is "package $package $version" || return 0

	installed=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || :)
	tarball=/usr/src/$package.tar.xz
	if [ "$installed" != "$version" ] || [ ! -f "$tarball" ]; then
		download "$package" "$version"
	fi
	sha256=$(awk -v v="$version" '$1 == "pinned" && $2 == v { print $3 }' "$top/kernel/BASE")
	[ -z "$sha256" ] || echo "$sha256  $tarball" | sha256sum --check --status ||
		die "the tarball of $package $version is not the one that kernel/BASE names (sha256 differs)."
	unpack "$tarball" "package $package $version"
	rm -rf "$build/download"
}

download()
{
	say DOWNLOAD "$1 $2"
	rm -rf "$build/download"
	mkdir -p "$build/download"
	cd "$build/download"
	logged "$build/log/download.log" apt-get -q -o APT::Sandbox::User=root download "$1=$2" ||
		die "apt-get could not download $1 $2; give a tree or tarball with KERNEL_SRC= instead."
	logged "$build/log/download.log" dpkg-deb -x ./*.deb . ||
		die "the package of $1 $2 is broken."
	cd "$top"
	tarball=$build/download/usr/src/$1.tar.xz
}

mkdir -p "$build/log"
if [ -z "${KERNEL_SRC:-}" ]; then
	fetch_package
elif [ -d "$KERNEL_SRC" ]; then
	fetch_tree "$KERNEL_SRC"
elif [ -f "$KERNEL_SRC" ]; then
	fetch_tarball "$KERNEL_SRC"
else
	die "KERNEL_SRC=$KERNEL_SRC: there is no such tree or tarball."
fi
