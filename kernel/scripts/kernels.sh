# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# The architectures and kernels that there are, how they differ, and kbuild for them.
# Sourced by lib.sh.

load_arch()
{
	[ -f "$top/kernel/arch/$ARCH.sh" ] ||
		die "ARCH=$ARCH is not supported; there is: $(ls "$top/kernel/arch" | sed 's/\.sh$//' | xargs)."
	# shellcheck source=../arch/x86_64.sh
	. "$top/kernel/arch/$ARCH.sh"
	arch_dir=$build/$ARCH
	busybox=/bin/busybox
	cross=
	if [ "$(uname -m)" = "${gnu_triplet%%-*}" ]; then
		cross_packages="gcc libc6-dev"
	else
		cross=$gnu_triplet-
		busybox=$arch_dir/busybox	# which deps.sh brings
	fi
	cc=${cross}gcc
	# Without the depend mode a first compilation takes nearly twice as long.
	! have ccache || cc="ccache $cc"
	export CCACHE_DEPEND=1 CCACHE_BASEDIR="$build" CCACHE_NOHASHDIR=1
}

# The kernels that are built from one source. "unpatched" is the source as it came,
# "probe" has the first patch in it, which is to work alone, and runs its programs only;
# the others have the series in it and differ by the fragments they are made of.
# "mutant" is "nodebug" with a fault in it, see mutant.sh; "coverage" is "patched" and
# counts lines, see coverage.sh; "kcsan" is "patched" and looks for data races.
kernels="patched debug nodebug unpatched probe mutant coverage kcsan"

load_kernel()
{
	load_arch
	tree=$source_dir/patched
	checks=checks.config		# of kernel/config, besides what all kernels have
	brings="patched.config ../../selftests/config"	# what the series has the options of
	programs_like=.			# those of the suite with such a name
	slowness=1			# by which its time limits are multiplied
	instrumented=			# by which of kbuild's variables the series' sources are
	case $1 in
	patched) ;;
	unpatched) tree=$source_dir/unpatched brings= ;;
	probe) tree=$source_dir/probe brings=probe.config programs_like=/probe_ ;;
	nodebug) checks=nodebug.config ;;
	mutant) tree=$source_dir/mutant checks=nodebug.config ;;
	coverage)
		checks="checks.config coverage.config"
		instrumented=GCOV_PROFILE ;;
	kcsan)
		checks="checks.config kcsan.config"
		instrumented=KCSAN_SANITIZE
		slowness=4 ;;
	debug)
		checks="checks.config debug.config"
		slowness=4 ;;
	*) die "there is no \"$1\" kernel; there is: $kernels." ;;
	esac
	kernel=$1
	kernel_dir=$arch_dir/$kernel
	obj=$kernel_dir/obj
	kernel_args=$(needed argument)
	memory=$(needed memory)		# of the guest
	memory=${memory##* }
	lacks=$(needed lacks | tr ' ' ,)
	processors=$(needed processors)
	processors=${processors##* }
}

# needed WORD: what selftests/needs says of it for this architecture and kernel. A line
# there that says nothing to anybody is an error.
needed()
{
	needs=${NEEDS:-$top/selftests/needs}
	awk -v wanted="$1" -v arch="$ARCH" -v kernel="$kernel" '
		/^[ \t]*(#|$)/ { next }
		NF != 3 || $1 !~ /^(module|processors|memory|argument|lacks)$/ {
			print FILENAME ":" FNR ": this is not WORD WHERE VALUE" >"/dev/stderr"
			exit 1
		}
		$1 == wanted && ($2 == "all" || $2 == arch || $2 == kernel ||
				 $2 == "series" && kernel !~ /^(unpatched|probe)$/) { printf "%s%s", n++ ? " " : "", $3 }
		' "$needs" ||
		die "$needs cannot be used, see above."
}

# The C sources that the series touches are instrumented, and no others. kbuild is told by
# names without a directory, and arch/x86/boot has a memory.c too.
kmake()
{
	if [ -n "$instrumented" ]; then
		set -- "$instrumented=n" "$@"
		for file in $(grep '\.c$' "$source_dir/touched" 2>/dev/null || :); do
			name=${file##*/}
			set -- "${instrumented}_${name%.c}.o=\$(if \$(filter ${file%/*},\$(obj)),y)" "$@"
		done
	fi
	make -C "$tree" O="$obj" ARCH="$ARCH" CROSS_COMPILE="$cross" CC="$cc" "$@"
}
