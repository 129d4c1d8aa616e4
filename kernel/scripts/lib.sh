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

# What MINUTES says, or else that many.
minutes_given()
{
	case ${MINUTES:-$1} in
	*[!0-9]*|0*) die "MINUTES=$MINUTES is no number of minutes." ;;
	esac
	echo "${MINUTES:-$1}"
}

# What SHARD says, or else the whole: N/M, the Nth of M parts of a list.
shard_given()
{
	shard=${SHARD:-1/1}
	case $shard in
	*[!0-9/]*|*/*/*|/*|*/|0*) ;;
	*/*) [ "${shard%/*}" -gt "${shard#*/}" ] || { echo "$shard"; return; } ;;
	esac
	die "SHARD=$shard is not N/M, as 2/3."
}

# What STATES and BUDGET say, or else what kernel/arch has.
states_given()
{
	case ${STATES:=$check_states} in
	all|typical|few) echo "$STATES" ;;
	*) die "STATES=$STATES is none of all, typical, few." ;;
	esac
}

budget_given()
{
	case ${BUDGET:=$check_budget} in
	*[!0-9]*|0*) die "BUDGET=$BUDGET is no number of minutes." ;;
	esac
	echo "$BUDGET"
}

# What MUTANTS says: names of faults, or nothing.
faults_given()
{
	for name in ${MUTANTS:-}; do
		[ -f "$top/kernel/mutants/$name.patch" ] || die "there is no fault \"$name\" in kernel/mutants."
	done
	echo "${MUTANTS:-}"
}

# of_shard N/M: of the lines on stdin every Mth, from the Nth on.
of_shard()
{
	awk -v n="${1%/*}" -v m="${1#*/}" 'NR % m == n % m'
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

# The kernels that are built from one source. "unpatched" is the source as it came;
# the others have the series in it and differ by the fragments they are made of.
# "mutant" is "nodebug" with a fault in it, see mutant.sh; "coverage" is "patched" and
# counts lines, see coverage.sh; "kcsan" is "patched" and looks for data races.
kernels="patched debug nodebug unpatched mutant coverage kcsan"

load_kernel()
{
	load_arch
	tree=$source_dir/patched
	checks=checks.config		# of kernel/config, besides what all kernels have
	slowness=1			# by which its time limits are multiplied
	instrumented=			# by which of kbuild's variables the series' sources are
	case $1 in
	patched) ;;
	unpatched) tree=$source_dir/unpatched ;;
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
				 $2 == "series" && kernel != "unpatched") { printf "%s%s", n++ ? " " : "", $3 }
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
