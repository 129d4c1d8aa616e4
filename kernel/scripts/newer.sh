#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# newer.sh: hmm-tests of a newer kernel's tree, built there as they are, on our
# kernel: they must run unmodified. The tree is NEWER_SRC (a tree or a tarball),
# else the newest source package of the suite that kernel/BASE names, which apt
# fetches with lists of its own. Nothing but its selftests is unpacked.
. "$(dirname "$0")/lib.sh"
own_group "$0" "$@"
scripts=$top/kernel/scripts
load_kernel patched
work=$build/newer
newer=$work/tree
parts="tools/testing/selftests/mm tools/testing/selftests/kselftest.h \
	tools/testing/selftests/kselftest_harness.h lib/test_hmm_uapi.h mm/gup_test.h"

# An apt that knows that suite only, and changes nothing of the machine's.
newer_apt()
{
	tool=$1
	shift
	$tool -q -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/apt/sources.list" \
		-o Dir::Etc::SourceParts=- -o Dir::State::Lists="$work/apt/lists" \
		-o Dir::Cache="$work/apt/cache" "$@"
}

fetch_newest()
{
	suite=$(base newer)
	# Where this machine has Debian from; a suite besides its own is there as well.
	have apt-get && archive=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' \
		'Label: Debian' 2>/dev/null | sed -n 1p) && [ -n "$archive" ] ||
		die "apt knows no archive of Debian here; run apt-get update, or give a newer kernel's tree or tarball with NEWER_SRC=."
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/download"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" \
		>"$work/apt/sources.list"
	logged "$build/log/newer.log" newer_apt apt-get update ||
		die "apt cannot read Debian's $suite; give a newer kernel's tree or tarball with NEWER_SRC=."
	package=$(newer_apt apt-cache pkgnames linux-source- | sort -V | tail -n 1)
	[ -n "$package" ] ||
		die "Debian's $suite has no linux-source; give a newer kernel's tree or tarball with NEWER_SRC=."
	tarball=$work/download/usr/src/$package.tar.xz
	[ ! -f "$tarball" ] || return 0
	need_space "$work" 800 "the source of a newer kernel"
	say DOWNLOAD "$package of $suite"
	rm -rf "$work/download"
	mkdir "$work/download"
	cd "$work/download"
	logged "$build/log/newer.log" newer_apt apt-get download "$package" ||
		die "apt-get could not download $package; give a newer kernel's tree or tarball with NEWER_SRC=."
	logged "$build/log/newer.log" dpkg-deb -x ./*.deb . || die "the package of $package is broken."
	rm -f ./*.deb
	cd "$top"
}

unpack_parts()
{
	rm -rf "$newer"
	mkdir "$newer"
	say UNPACK "the selftests of $(basename "$1")"
	# shellcheck disable=SC2046,SC2086
	logged "$build/log/newer.log" tar -C "$newer" --strip-components=1 --wildcards \
		--no-wildcards-match-slash -xf "$1" \
		'*/Makefile' $(printf '*/%s ' $parts) ||
		die "$1 could not be unpacked: is it the tarball of a kernel, and whole?"
}

bring_newer()
{
	mkdir -p "$work"
	if [ -z "${NEWER_SRC:-}" ]; then
		fetch_newest
		unpack_parts "$tarball"
	elif [ -d "$NEWER_SRC" ]; then
		newer=$(realpath "$NEWER_SRC")
	elif [ -f "$NEWER_SRC" ]; then
		unpack_parts "$(realpath "$NEWER_SRC")"
	else
		die "NEWER_SRC=$NEWER_SRC: there is no such tree or tarball."
	fi
	[ -f "$newer/Makefile" ] && [ -f "$newer/tools/testing/selftests/mm/hmm-tests.c" ] ||
		die "${NEWER_SRC:-$tarball} is no kernel with tools/testing/selftests/mm/hmm-tests.c."
	release=$(awk '$2 == "=" && $1 == "VERSION" { v = $3 }
		$2 == "=" && $1 == "PATCHLEVEL" { print v "." $3 }' "$newer/Makefile")
}

# What its Makefile links them with is there in newer trees only.
build_newer()
{
	selftests=$newer/tools/testing/selftests
	helpers=
	for helper in vm_util thp_settings hugepage_settings; do
		[ ! -f "$selftests/mm/$helper.c" ] || helpers="$helpers $selftests/mm/$helper.c"
	done
	# shellcheck disable=SC2086
	logged "$work/hmm-tests.log" \
		$cc -O2 -static -D_GNU_SOURCE= -isystem "$obj/usr/include" -I "$newer" -I "$selftests" \
		-I "$selftests/mm" -o "$work/hmm-tests" "$selftests/mm/hmm-tests.c" $helpers ||
		die "hmm-tests of Linux $release do not build."
	printf '%s\n' hmm-tests hmm-tests-thp >"$work/tests.list"
	printf '%s\n' "file /tests/hmm-tests $work/hmm-tests 755 0 0" \
		"file /tests.list $work/tests.list 644 0 0" >"$work/overlay.list"
	"$obj/usr/gen_init_cpio" "$work/overlay.list" >"$work/overlay.cpio"
}

bring_newer
build_newer

dir=$("$scripts/results.sh" newer)
say NEWER "hmm-tests of Linux $release on the $kernel kernel, see $dir"
"$scripts/guest.sh" "$kernel" "$dir" 900 "$work/overlay.cpio"
