#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# series.sh DIR: does every prefix of the series build, with the new code configured
# in and out, and without a new warning? Before the first patch, behind the last, and
# where options or Makefiles change, the directories that the series is about are compiled,
# not a whole kernel; between, of these, the files that the series touches. One that it
# does not touch can only break by a header, which would break others with it. kbuild finds
# out which a patch concerns. That they would link is read off their symbols. KTAP on
# stdout, one case for each patch and configuration; logs in DIR; progress on descriptor 3.
. "$(dirname "$0")/lib.sh"
load_kernel patched
logs=$1
work=$build/series
src=$work/source
config_dir=$top/kernel/config
configurations="on thp-off thp-migration-off device-private-off migration-off drivers powerpc"
number=0

patches=$(series_patches)
touched=$(cd "$series_dir" && cat $patches | sed -n 's,^+++ b/\(.*\.c\)$,\1,p' | sort -u)

# By this way kbuild compiles it with what amdgpu's Makefile says.
amdkfd=drivers/gpu/drm/amd/amdgpu/../amdkfd

# What is compiled in a configuration: all of it, or of its directories those files that
# the series touches and that the configuration has.
objects()
{
	for object in $(directories "$1"); do
		case $whole$object in
		false*/) of_directory "${object%/}" ;;
		*) echo "$object" ;;
		esac
	done
}

of_directory()
{
	for file in $touched; do
		case $file in
		"$1"/*) [ ! -f "$work/$configuration/${file%.c}.o" ] || echo "${file%.c}.o" ;;
		esac
	done
}

directories()
{
	case $1 in
	drivers) echo drivers/pci/p2pdma.o drivers/gpu/drm/nouveau/nouveau_dmem.o \
		drivers/gpu/drm/nouveau/nouveau_svm.o $amdkfd/kfd_migrate.o $amdkfd/kfd_svm.o ;;
	powerpc) echo arch/powerpc/kvm/book3s_hv_uvmem.o mm/huge_memory.o mm/migrate_device.o ;;
	thp-off|device-private-off|migration-off) echo mm/ fs/proc/ kernel/fork.o ;;
	*) echo mm/ fs/proc/ kernel/fork.o lib/test_hmm.o
		[ ! -f "$src/lib/test_huge_pfnmap.c" ] || echo lib/test_huge_pfnmap.o ;;
	esac
}

series_make()
{
	make -C "$src" O="$work/$configuration" -s -j"$jobs" ARCH="$make_arch" \
		CROSS_COMPILE="$make_cross" CC="$make_cc" "$@" </dev/null
}

select_configuration()
{
	configuration=$1
	mkdir -p "$work/$configuration" "$logs"
	make_arch=$ARCH make_cross=$cross make_cc=$cc
	fragments="$config_dir/base.config $config_dir/$ARCH.config $config_dir/hmm.config
		$config_dir/tests.config $config_dir/checks.config"
	case $configuration in
	powerpc)
		make_arch=powerpc make_cross=powerpc64le-linux-gnu-
		make_cc="${cc%"${cross}gcc"}${make_cross}gcc"
		fragments= ;;
	esac
}

# Options come and go along the series, so the configuration is made anew wherever a patch
# may change them, from the same lines.
configure()
{
	wanted=$work/$configuration.want
	# shellcheck disable=SC2086
	cat $fragments "$config_dir/patched.config" \
		"$config_dir/series/$configuration.config" >"$wanted"
	series_make KCONFIG_ALLCONFIG="$wanted" allnoconfig >"$logs/config-$configuration.log" 2>&1 ||
		return 1
	if [ $configuration = thp-migration-off ]; then
		series_make prepare >"$logs/config-$configuration.log" 2>&1 || return 1
		sed -i '/ARCH_ENABLE_THP_MIGRATION/d' "$work/$configuration/include/generated/autoconf.h" \
			"$work/$configuration/include/config/auto.conf" "$work/$configuration/.config"
		touch -r "$work/$configuration/include/config/auto.conf" "$work/$configuration/.config"
	fi
	grep '^CONFIG_' "$config_dir/series/$configuration.config" |
		while read -r line; do
			grep -qxF "$line" "$work/$configuration/.config" || echo "$line is lost"
		done >"$logs/lost"
	sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set/\1=/p' "$config_dir/series/$configuration.config" |
		while read -r option; do
			! grep -q "^$option" "$work/$configuration/.config" || echo "$option is still there"
		done >>"$logs/lost"
	[ ! -s "$logs/lost" ] || { cat "$logs/lost" >>"$logs/config-$configuration.log"; return 1; }
}

# compiled_case TITLE LOG COMMAND...: what the command says, if it fails or warns.
compiled_case()
{
	number=$((number + 1))
	title=$1
	log=$2
	shift 2
	if "$@" && ! grep -qE '(warning|error): ' "$log"; then
		echo "ok $number $title"
	else
		echo "not ok $number $title"
		grep -E '(warning|error): |is lost|still there|\*\*\*' "$log" | head -n 20 | sed 's/^/# /'
	fi
}

# Of drivers and powerpc only single objects are compiled, so nothing can be said.
would_link()
{
	case $configuration in
	drivers|powerpc) return 0 ;;
	esac
	symbols_of "$obj" >"$work/common.nm"
	symbols_of "$work/$configuration" >"$work/objects.nm"
	awk -v modules="lib/test_hmm.o lib/test_huge_pfnmap.o" -f "$top/kernel/scripts/symbols.awk" part=whole "$obj/System.map" \
		part=common "$work/common.nm" part=objects "$work/objects.nm" >>"$1"
	! grep -q '^error: ' "$1"
}

symbols_of()
{
	# shellcheck disable=SC2046
	(cd "$1" && nm -A $(find mm fs/proc kernel/fork.o lib/test_hmm.o lib/test_huge_pfnmap.o -name '*.o' 2>/dev/null))
}

compile()
{
	# shellcheck disable=SC2046
	{ { ! $whole || configure; } && series_make $(objects "$configuration") >"$logs/$1-$configuration.log" 2>&1; } ||
		{ cat "$logs/config-$configuration.log" >>"$logs/$1-$configuration.log"; return 1; }
	would_link "$logs/$1-$configuration.log" && : >"$compiled"
}

# concerned FILE...: does anything that the configuration compiled come from one of
# those files, or may it now compile something else?
concerned()
{
	! selects "$@" || return 0
	printf "$src/%s\n" "$@" >"$work/files"
	find "$work/$configuration" -name '.*.cmd' -exec cat {} + 2>/dev/null |
		awk 'NR == FNR { changed[$0]; next }
		     { for (i = 1; i <= NF; i++) { gsub(/[^\/]+\/\.\.\//, "", $i)
			if ($i in changed) { found = 1; exit } } }
		     END { exit !found }' "$work/files" -
}

# Does one of the files say what is to be compiled?
selects()
{
	for file; do
		case $file in
		*Kconfig*|*Makefile*) return 0 ;;
		esac
	done
	return 1
}

# try PREFIX FILE...: after a change to those files, in each configuration. Where one
# compiled before and none of its files has changed, nothing is left to find out.
try()
{
	prefix=$1
	shift
	case $prefix in
	0000-base|"$last") whole=true ;;
	*) if selects "$@"; then whole=true; else whole=false; fi ;;
	esac
	for c in $configurations; do
		select_configuration "$c"
		compiled=$work/$configuration.compiled
		if [ -f "$compiled" ] && [ "$prefix" != "$last" ] && ! concerned "$@"; then
			number=$((number + 1))
			echo "ok $number $prefix builds: $configuration, as before"
			continue
		fi
		printf '  %-9s%s: %s\n' SERIES "$prefix" "$configuration" >&3
		rm -f "$compiled"
		compiled_case "$prefix builds: $configuration" "$logs/$prefix-$configuration.log" compile "$prefix"
	done
}

# Patches change copies, the other files are those of the source. Those copies are new,
# so that nothing is taken for compiled that an earlier run left.
prepare_source()
{
	rm -rf "$src"
	mkdir -p "$work"
	rm -f "$work"/*.compiled
	cp -al "$source_dir/unpatched" "$src"
	(cd "$series_dir" && cat $patches) | sed -n -e 's,^+++ b/,,p' -e 's,^--- a/,,p' | sort -u |
		while read -r file; do
			[ ! -f "$src/$file" ] || cp --remove-destination "$source_dir/unpatched/$file" "$src/$file"
		done
}

# sparse_says FILE: what sparse says of the files that the series touches, without
# line numbers.
sparse_says()
{
	select_configuration on
	configure || return 1
	here=$(cd "$src" && for f in $touched; do
		o=${f%.c}.o
		[ ! -f "$f" ] || [ ! -f "$work/on/$o" ] || echo "$o"
	done)
	# shellcheck disable=SC2086
	series_make C=2 CHECK="sparse" $here >"$1.log" 2>&1 || return 1
	grep -E ': (warning|error): ' "$1.log" | sed -e 's/:[0-9]*:[0-9]*:/:/' -e "s,$src/,," | sort >"$1"
}

# What 6.12 locks page tables by (pte_offset_map_lock(), page_vma_mapped_walk()...) does not
# say so to sparse, which then warns of nearly every function that unlocks one, in the
# source as it came too. Those of the series are in sparse.blind, each looked at.
no_new_warning()
{
	sparse_says "$logs/sparse-after" || return 1
	comm -13 "$logs/sparse-before" "$logs/sparse-after" |
		grep -vFf "$config_dir/series/sparse.blind" >"$logs/sparse-new" || :
}

echo "KTAP version 1"
# shellcheck disable=SC2086
set -- $patches
last=$(basename "$(echo "$patches" | tail -n 1)" .patch)
# shellcheck disable=SC2086
echo "1..$(($(echo $configurations | wc -w) * ($# + 1) + 1))"
mkdir -p "$logs"
prepare_source
: >"$logs/sparse-before"
try 0000-base
sparse_says "$logs/sparse-before" || :
for patch; do
	patch -d "$src" -p1 -s -F0 <"$series_dir/$patch" >"$logs/patch.log" 2>&1 || {
		cat "$logs/patch.log" >&2
		die "$patch does not apply."
	}
	# shellcheck disable=SC2046
	try "${patch%.patch}" $(sed -n -e 's,^+++ b/,,p' -e 's,^--- a/,,p' "$series_dir/$patch" | sort -u)
done
compiled_case "sparse has nothing new to say" "$logs/sparse-new" no_new_warning
