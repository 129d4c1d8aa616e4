#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Bad input: a clear sentence, a false exit status, nothing half-done behind it.
# The kernels here are toys of a few files; no network, no root.
. "$(dirname "$0")/common/tap.sh"
real_build=$BUILD
export BUILD="$dir/build" V=
rm -rf "$BUILD"

# toy DIR RELEASE...: what fetch.sh takes for a kernel tree
toy()
{
	mkdir -p "$1/mm"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' "$2" "$3" "$4" >"$1/Makefile"
	: >"$1/Kbuild"
	seq 1 20 >"$1/mm/memory.c"
	seq 1 20 >"$1/mm/rmap.c"
}

# patch_toy NAME LINE: a mail-format patch of mm/memory.c whose context has LINE
# as its first line, where the toy has 7
patch_toy()
{
	cat >"$dir/series/$1" <<END
From: Nobody <nobody@localhost>
Subject: toy

---
--- a/mm/memory.c
+++ b/mm/memory.c
@@ -7,7 +7,7 @@
 $2
 8
 9
-10
+ten
 11
 12
 13
END
	echo "$1" >"$dir/series/series"
}

fetch()
{
	KERNEL_SRC=$1 "$scripts/fetch.sh"
}

patch_with()
{
	SERIES_DIR=$dir/series "$scripts/patch.sh"
}

make_top()
{
	make -C "$top" O="$BUILD" "$@"
}

with_path()
{
	path=$1
	shift
	PATH=$path:$PATH "$@"
}

plan 41

expect 1 "unknown variable KERNEL_SCR" "an unknown make variable" make_top run KERNEL_SCR=x
expect 1 "ARCH=vax is not supported; there is: " "an unknown architecture" make_top deps ARCH=vax

# What is wrong is said by the first stage, which is deps.
expect 1 "STATES=some is none of all, typical, few" "states that are no choice" make_top deps STATES=some
expect 1 "BUDGET=soon is no number of minutes" "a budget that is no time" make_top deps BUDGET=soon
expect 1 "SHARD=3/2 is not N/M" "a shard that is none" make_top deps SHARD=3/2
expect 1 "MINUTES=long is no number" "minutes that are none" make_top deps MINUTES=long
expect 1 "MINUTES=0 is no number" "no minutes" make_top deps MINUTES=0
expect 1 'there is no fault "typo" in kernel/mutants' "a fault that is none" make_top deps MUTANTS=typo
expect 1 'there is a space, colon or comma in' "a build directory with a space in its name" make -C "$top" deps O="$dir/a b"

mkdir -p "$dir/home"
echo precious >"$dir/home/letter"
expect 1 "is not empty and not a build directory" "O= names another directory" \
	make -C "$top" O="$dir/home" deps
expect 1 "does not look like a build directory" "distclean of another directory" \
	make -C "$top" O="$dir/home" distclean

# fetch
toy "$dir/good" 6 12 1
toy "$dir/old" 6 1 9
mkdir -p "$dir/empty"
echo "no tarball" >"$dir/text.tar.xz"
tar -C "$dir" -czf "$dir/good.tar.gz" good
tar -C "$dir" -czf "$dir/old.tar.gz" old
head -c 200 "$dir/good.tar.gz" >"$dir/cut.tar.gz"

expect 1 "there is no such tree or tarball" "KERNEL_SRC names nothing" fetch "$dir/nothing"
expect 1 "is not a Linux kernel tree" "KERNEL_SRC is some other directory" fetch "$dir/empty"
expect 1 "is Linux 6.1.9, but the series is for Linux 6.12" "a tree of another release" fetch "$dir/old"
expect 1 "is it a tarball" "a tarball that is none" fetch "$dir/text.tar.xz"
expect 1 "is it a tarball" "a tarball that was cut short" fetch "$dir/cut.tar.gz"
expect 1 "is Linux 6.1.9" "a tarball of another release" fetch "$dir/old.tar.gz"
expect 1 "" "nothing of these is left behind" ls -d "$BUILD/source/origin" "$BUILD"/source/unpatched*

mkdir -p "$dir/nospace"
printf '#!/bin/sh\nprintf "x\\nx 1 1 2048 1 x\\n"\n' >"$dir/nospace/df"
chmod +x "$dir/nospace/df"
expect 1 "no space left in $BUILD" "a full disk" with_path "$dir/nospace" fetch "$dir/good"

expect 0 "Linux 6.12.1" "a tarball that is good" fetch "$dir/good.tar.gz"
expect 0 "Linux 6.12.1" "a tree that is good" fetch "$dir/good"

# patch
mkdir -p "$dir/series"
echo 0001-absent.patch >"$dir/series/series"
expect 1 "the series names 0001-absent.patch" "a series that names a missing patch" patch_with
patch_toy 0001-toy.patch seven
expect 1 "patch 0001-toy.patch does not apply to mm/memory.c of Linux 6.12.1 (fuzz 0)" \
	"a patch that only fuzz would apply" patch_with
patch_toy 0001-toy.patch 7
expect 0 "1 patches on Linux 6.12.1" "a patch that applies" patch_with
expect 0 "ten" "the patched file is patched" grep ten "$BUILD/source/patched/mm/memory.c"
expect 1 "" "the source is not" grep ten "$BUILD/source/unpatched/mm/memory.c" "$dir/good/mm/memory.c"
expect 0 "" "an untouched file is the very same" \
	test "$BUILD/source/patched/mm/rmap.c" -ef "$BUILD/source/unpatched/mm/rmap.c"
echo 21 >>"$dir/good/mm/rmap.c"
follow()
{
	fetch "$dir/good" && patch_with && grep 21 "$BUILD/source/patched/mm/rmap.c"
}
expect 0 "21" "a change in the tree of KERNEL_SRC is followed" follow

# Another make is at work there until it is told that somebody waits for it.
waits()
{
	mkfifo "$dir/taken" "$dir/release"
	{ flock 9; echo >"$dir/taken"; timeout 60 cat "$dir/release"; } 9>"$BUILD/.build.lock" &
	read -r _ <"$dir/taken"
	patch_with | while read -r line; do
		echo "$line"
		case $line in
		WAIT*) echo >"$dir/release" ;;
		esac
	done
}
expect 0 "WAIT     another make is at work in $BUILD" "two makes at once" waits

# deps: a machine that lacks quilt, and more
mkdir -p "$dir/bin"
ln -sf /usr/bin/* "$dir/bin/"
rm -f "$dir/bin/quilt" "$dir/bin/apt-get" "$dir/bin/sudo"
deps()
{
	PATH=$dir/bin BUILD=$dir/deps-build "$scripts/deps.sh"
}
expect 1 "there is no apt-get to install them: quilt" "a machine with no apt" deps
printf '#!/bin/sh\necho E: no network >&2\nexit 100\n' >"$dir/bin/apt-get"
chmod +x "$dir/bin/apt-get"
rm "$dir/bin/id"
printf '#!/bin/sh\necho 1000\n' >"$dir/bin/id"
chmod +x "$dir/bin/id"
expect 1 "takes root or sudo: quilt" "a user who may not install" deps
printf '#!/bin/sh\necho 0\n' >"$dir/bin/id"
expect 1 "apt-get update failed, so these packages stay missing: quilt" "an apt that fails" deps

# config: a copy of kernel/ that asks for what is not there
mkdir -p "$dir/copy" "$dir/copy-build"
cp -a "$top/kernel" "$dir/copy/"
ln -sfn "$top/selftests" "$dir/copy/selftests"
ln -sfn "$real_build/source" "$dir/copy-build/source"
echo CONFIG_NO_SUCH_OPTION=y >>"$dir/copy/kernel/config/tests.config"
config()
{
	BUILD=$dir/copy-build "$dir/copy/kernel/scripts/config.sh" unpatched
}
expect 1 "CONFIG_NO_SUCH_OPTION=y" "a configuration line that gets lost" config
expect 1 "there is no program" "a program that is none" "$scripts/programs.sh" tetris
expect 1 'there is no "tiny" kernel; there is: patched debug' "a kernel that is none" "$scripts/build.sh" tiny

# A script that is ended leaves nothing behind that it has in the background.
toy_script=$dir/copy/kernel/scripts/toy.sh
cat >"$toy_script" <<END
#!/bin/sh
. "$dir/copy/kernel/scripts/lib.sh"
own_group "\$0" "\$@"
[ \$# = 0 ] || exit "\$1"
sleep 1000 & echo \$! >"$dir/begun"
wait
END
chmod +x "$toy_script"
ends()
{
	mkfifo "$dir/begun"
	"$toy_script" & script=$!
	timeout 60 cat "$dir/begun" >"$dir/guest"
	kill -s TERM $script
	timeout 60 tail --pid="$(cat "$dir/guest")" -f /dev/null
}
expect 0 "" "nothing stays behind a script that is ended" ends
expect 0 "" "a script that goes well in a group of its own" "$toy_script" 0
expect 1 "" "a script that fails there" "$toy_script" 3

# mutants
mutants()
{
	ARCH=x86_64 MUTANTS=$1 "$scripts/mutants.sh"
}
expect 1 'is in a file of another architecture than ARCH=x86_64' "a fault of another architecture" \
	mutants contpte-apart-loses-dirty

# a newer kernel's hmm-tests
newer()
{
	NEWER_SRC=$1 "$scripts/newer.sh"
}
expect 1 "there is no such tree or tarball" "NEWER_SRC names nothing" newer "$dir/nothing"
expect 1 "is no kernel with tools/testing" "NEWER_SRC is some other directory" newer "$dir/empty"
rm -rf "${dir:?}/bin" "$dir/copy" "$dir/copy-build"
$all_passed
