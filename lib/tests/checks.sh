#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# checks.sh CHECK ARGUMENT...: one check of lib/, by the name of its function. It says what
# is wrong, and ends with 0 if nothing is, with 4 if it cannot be made here, for the reason
# in its last line. Any number of them may run at once. Runs in lib/.
# BUILD is where lib/ is built; MAKE, CC, CXX and LDFLAGS come from the Makefile, and where
# the programs are built with sanitizers (SANITIZED, THREADS).
# shellcheck disable=SC2317 # functions are called by name
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

skip()	# REASON
{
	echo "$*"
	exit 4
}

need()	# COMMAND...
{
	lacks=$(for command; do command -v "${command%% *}" >/dev/null || echo "${command%% *}"; done)
	# shellcheck disable=SC2086 # one a line
	[ -z "$lacks" ] || skip no $lacks here
}

# ---- Programs of unit tests ----

run()	# COMMAND...
{
	"$@"
	status=$?
	[ $status -le 1 ] || echo "# ended with status $status"
	[ $status -eq 0 ]
}

plain()	# PROGRAM
{
	run "$BUILD/tests/$1"
}

# What was built with sanitizers, or why it was not.
built()	# DIRECTORY
{
	[ -n "$1" ] || skip the programs are built with sanitizers already
	[ ! -e "$1/lacking" ] || skip "$(cat "$1/lacking")"
}

sanitizers()	# PROGRAM
{
	built "$SANITIZED"
	WATCHED=1 run "$SANITIZED/tests/$1"
}

threads()	# PROGRAM
{
	built "$THREADS"
	run "$THREADS/tests/$1"
}

memory()	# PROGRAM
{
	built "$SANITIZED$THREADS"
	need valgrind
	WATCHED=1 run valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible \
		--suppressions=tests/valgrind.supp "$BUILD/tests/$1"
}

# Inputs that are kept, and some changes of them; fuzz/replay.c says how to have one again.
replay()
{
	built "$SANITIZED"
	run "$SANITIZED/fuzz/replay" -r 2000 -o "$BUILD/fuzz.crash" fuzz/corpus/*
}

# ---- Headers, and what is installed ----

header()	# LANGUAGE STANDARD
{
	compiler=$CC
	[ "$1" = c ] || compiler=$CXX
	need "$compiler"
	$compiler -x "$1" -std="$2" -pedantic -Wall -Wextra -Werror -fsyntax-only \
		include/devthp_backend.h
}

# Install, and build a program against what was installed, as a user would.
consumer()	# LANGUAGE
{
	compiler=$CC
	[ "$1" = c ] || compiler=$CXX
	need pkg-config "$compiler"
	root=$tmp/root
	$MAKE --no-print-directory install O="$BUILD" DESTDIR="$root" PREFIX=/usr || return 1
	export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
	cat >"$tmp/consumer.$1" <<-C
		#include <devthp_backend.h>
		int main(void)
		{
			return !*devthp_version() || devthp_device_close(0) ||
			       devthp_backend_register(0) >= 0;
		}
	C
	# shellcheck disable=SC2046,SC2086
	$compiler -Wall -Wextra -Werror $LDFLAGS "$tmp/consumer.$1" \
		$(pkg-config --cflags --libs devthp) -o "$tmp/consumer" &&
		LD_LIBRARY_PATH=$root/usr/lib "$tmp/consumer" || return 1
	# With the archive, without the shared library.
	# shellcheck disable=SC2046,SC2086
	$compiler $LDFLAGS "$tmp/consumer.$1" $(pkg-config --static --cflags --libs devthp |
			sed 's/-ldevthp/-l:libdevthp.a/') -o "$tmp/consumer" &&
		"$tmp/consumer" && "$root/usr/bin/devthp" --version || return 1
	# A page for each function, if pages can be built here.
	command -v scdoc >/dev/null || return 0
	for name in $(sed -n 's/^ *\(devthp_[a-z0-9_]*\);$/\1/p' libdevthp.map); do
		[ -s "$root/usr/share/man/man3/$name.3" ] || { echo "no page $name(3)"; return 1; }
	done
}

# Where nothing can be built, or would be installed elsewhere: a sentence, and nothing done.
places()
{
	for place in O= "O=$tmp/a b" "DESTDIR=$tmp/a b" PREFIX=usr "PREFIX=/a b" LIBDIR=lib MANDIR=man; do
		if $MAKE --no-print-directory -n O="$BUILD" "$place" install >"$tmp/out" 2>"$tmp/err" ||
				! grep -q "\*\*\* .*${place%%=*}=" "$tmp/err"; then
			echo "$place"
			cat "$tmp/out" "$tmp/err"
			return 1
		fi
	done
}

# ---- Backends ----

# The command with a backend. It differs in that alone: the rest is as it is built already.
build_with()	# BACKEND
{
	cp -a "$BUILD/src" "$BUILD/cmd" "$BUILD/libdevthp.a" "$tmp/" &&
		$MAKE --no-print-directory O="$tmp" BACKEND="$1" CC="$CC" LDFLAGS="$LDFLAGS" \
			"$tmp/devthp"
}

# Where there is no device, what is missing is the backend's, whose ever it is.
lacks_its_own()	# BACKEND COMMAND ARGUMENT...
{
	name=$1
	shift
	"$tmp/devthp" "$@" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq 2 ] || ! grep -q "backend $name\|\<THP\|no transparent" "$tmp/err" ||
			grep -q 'hmm' "$tmp/err"; then
		echo "devthp $*"
		cat "$tmp/err"
		return 1
	fi
}

# The skeleton of a backend compiles as it is, is found, and can do nothing yet.
skeleton()
{
	build_with skeleton/mydriver.c || return 1
	for command in probe cycle bench; do
		lacks_its_own mydriver $command --device /dev/no/such/node || return 1
		[ -e /dev/dri/renderD128 ] || lacks_its_own mydriver $command || return 1
		! "$tmp/devthp" $command --help | grep hmm || return 1
	done
	"$tmp/devthp" probe --device /dev/null >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] || return 1
	cat "$tmp/out" "$tmp/err"
	grep -q 'no huge pages\|^devthp: .*THP' "$tmp/err" ||
		{ grep -q '(mydriver)' "$tmp/out" &&
			grep -q 'migrating to the device: .* not supported' "$tmp/err"; }
}

# One that runs on any machine: data survive their ways.
backend()	# BACKEND
{
	build_with "$1" || return 1
	"$tmp/devthp" probe >"$tmp/out" 2>&1
	cat "$tmp/out"
	grep -q '^data  *good\|no huge page\|^devthp: .*THP' "$tmp/out"
}

# ---- The command ----

# Wrong use: a sentence on stderr, nothing on stdout, status 2.
misuse()
{
	wrong=0
	for words in '' nothing 'cycle --folios=0' 'cycle --folios=x' 'cycle --unmap' 'cycle more' \
		'cycle --nothing' 'probe more' 'map' 'map x' 'map 1 2-1' 'map 1 2 3' 'check' \
		'check --nothing' 'check 0' 'check 1 1000-1001' 'cycle --unmap=x' 'cycle --touch=x' \
		'bench more' 'bench --instruction=0' 'probe --device' 'map 1 0-fffffffffffff000' \
		'check 1 0-fffffffffffff000' 'cycle --device='; do
		# shellcheck disable=SC2086
		"$BUILD/devthp" $words >"$tmp/out" 2>"$tmp/err"
		[ $? -eq 2 ] && [ ! -s "$tmp/out" ] && grep -q '^devthp: ' "$tmp/err" && continue
		wrong=1
		echo "devthp $words"
		cat "$tmp/out" "$tmp/err"
	done
	return $wrong
}

# A process that has reserved 2 TiB, looked at by its child: in a moment, and it is said.
reserved()
{
	need python3
	python3 - "$BUILD/devthp" <<-PYTHON
		import ctypes, mmap, os, subprocess, sys
		libc = ctypes.CDLL(None)
		libc.mmap.argtypes = [ctypes.c_size_t, ctypes.c_size_t] + 4 * [ctypes.c_long]
		libc.mmap.restype = ctypes.c_void_p
		no_reserve = 0x4000
		libc.mmap(0, 2 << 40, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve, -1, 0)
		for command in "map", "check":
		    said = subprocess.run([sys.argv[1], command, str(os.getpid())], timeout=30,
		                          capture_output=True, text=True)
		    print(said.stdout[-500:], said.stderr.strip())
		    if said.returncode == 3:
		        sys.exit(4)
		    if said.returncode != 0 or not "left out" in said.stdout:
		        sys.exit(command)
	PYTHON
}

# A process that has ended, and that nobody has asked for its status: it is there, and has
# no memory, so that nothing could be checked.
ended()
{
	need python3
	python3 - "$BUILD/devthp" <<-PYTHON
		import os, subprocess, sys
		pid = os.fork()
		if not pid:
		    os._exit(0)
		os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
		for words in "map", "check", "map --json", "check --json":
		    for at in [], ["1000-3000"]:
		        said = subprocess.run([sys.argv[1]] + words.split() + [str(pid)] + at,
		                              capture_output=True, text=True)
		        if said.returncode != 3 or not "has no memory" in said.stderr:
		            sys.exit(words + " " + " ".join(at) + "\n" + said.stdout + said.stderr)
	PYTHON
}

json()
{
	need python3
	sh tests/json.sh "$BUILD/devthp"
}

missing_device()
{
	[ ! -e /dev/hmm_dmirror3 ] || skip this machine has them all
	[ -e /sys/kernel/mm/transparent_hugepage ] || skip this kernel has no huge pages
	"$BUILD/devthp" cycle --device /dev/hmm_dmirror3 >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] && grep -q '^devthp: .*no device' "$tmp/err"
}

# ---- Texts, and the ABI ----

texts()	# CHECK
{
	DEVTHP=$BUILD/devthp sh tests/man.sh "$1"
}

# lib/ may be here alone.
tables()	# CHECK
{
	[ -e ../docs/invariants.md ] && [ -d ../selftests ] ||
		skip docs/ and selftests/ are not beside lib/ here
	texts "$1"
}

pages()
{
	need scdoc mandoc
	sh tests/man.sh built "$BUILD/man"
}

# A constant for each value, and place of a member, that the library's copy of the probe's
# header has, in the text of the assembler, which shows what they are without being run.
probe_values()	# HEADER
{
	awk '
	function value(name, is) { print "const unsigned long long _" name " = " is ";" }
	BEGIN { print "#include <stddef.h>" }
	/^#define FOLIO_PROBE_/ { value($2, $2) }
	/^\tFOLIO_PROBE_[A-Z0-9_]* = / { value($1, $1) }
	/^struct .* \{/ { of = $2; value(of, "sizeof(struct " of ")") }
	/^};/ { of = "" }
	of && /^\t__[us]/ {
		sub(/[[;].*/, "", $2)
		value(of "_" $2, "offsetof(struct " of ", " $2 ")")
		value(of "_" $2 "_size", "sizeof(((struct " of " *)0)->" $2 ")")
	}' src/folio_probe.h >"$tmp/values.c"
	[ "$(wc -l <"$tmp/values.c")" -gt 100 ] && $CC -include "$1" -S -o - "$tmp/values.c"
}

# The probe that the series brings is the one that the library knows; it may tell more.
probe()
{
	series=../kernel/patches/6.12
	[ -e $series/series ] || skip the series is not beside lib/ here
	need patch
	header=include/uapi/linux/folio_probe.h
	begin="^diff --git a.$(echo $header | tr / .) "
	sed '/^#/d' $series/series | while read -r name; do
		sed -n "/$begin/,/^diff --git \|^-- /p" "$series/$name" >"$tmp/part"
		[ ! -s "$tmp/part" ] || patch -s -p1 -d "$tmp" <"$tmp/part" || exit
	done || return 1
	probe_values src/folio_probe.h >"$tmp/known" || return 1
	probe_values "$tmp/$header" >"$tmp/has" || return 1
	diff -U 6 "$tmp/known" "$tmp/has"
}

# What abi.sh and the man pages are made of is seen, be it a name with a digit, or data.
names()
{
	mkdir "$tmp/include"
	cat >"$tmp/include/devthp_2.h" <<-C
		#define DEVTHP_API
		DEVTHP_API int devthp_read(void);
		DEVTHP_API int devthp_read2(void);
	C
	echo 'int devthp_read(void) { return 1; } int devthp_read2(void) { return 2; }' >"$tmp/good.c"
	printf 'devthp_read;\n\tdevthp_read2;\n' >"$tmp/good.map"
	{ cat "$tmp/good.c"; echo 'int devthp_read3(void) { return 3; }'; } >"$tmp/more.c"
	{ cat "$tmp/good.c"; echo 'int devthp_count = 1; int devthp_zero;'; } >"$tmp/data.c"
	sed 's/2/4/' "$tmp/good.c" >"$tmp/other.c"
	sed 's/2/4/' "$tmp/good.map" >"$tmp/other.map"
	for name in good more data other; do
		# shellcheck disable=SC2086
		$CC $LDFLAGS -shared -fPIC "$tmp/$name.c" -o "$tmp/$name.so" || return 1
	done
	for what in "good good" "good more" "good data" "good other" "other good"; do
		if sh tests/abi.sh "$tmp/include" "$tmp/${what% *}.map" "$tmp/${what#* }.so" >"$tmp/out" 2>&1
		then [ "$what" = "good good" ]
		else [ "$what" != "good good" ]
		fi || { echo "the map ${what% *}, the library ${what#* }"; cat "$tmp/out"; return 1; }
	done
	[ "$(awk -f man/header.awk -v names=1 "$tmp/include/devthp_2.h" | xargs)" = 'devthp_read devthp_read2' ]
}

# Of another machine, where there is a compiler for it.
abi()	# MACHINE
{
	[ "$1" != "$(uname -m)" ] ||
		{ sh tests/abidiff.sh check "$BUILD"/libdevthp.so.[0-9]*; return; }
	cross=$1-linux-gnu-
	need abidiff "${cross}gcc"
	library=$BUILD/$1/$(basename "$BUILD"/libdevthp.so.[0-9]*)
	$MAKE --no-print-directory O="$BUILD/$1" CC="${cross}gcc" CFLAGS='-O2 -g' LDFLAGS= \
		SANITIZE= "$library" && sh tests/abidiff.sh check "$library"
}

check=$1
shift
"$check" "$@"
