#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# run.sh BUILD PROGRAM...: run the unit tests and the checks that take a
# compiler; one KTAP stream, exit status 1 if anything failed. MAKE, CC, CXX and
# LDFLAGS come from the Makefile, and where the programs are built with sanitizers
# (SANITIZED, THREADS).
# shellcheck disable=SC2317 # functions are called by name, through attempt
set -u
build=$1
shift

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
number=0
failed=0

result()	# STATUS NAME
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		failed=1
		echo "not ok $number $2"
	fi
}

comment()	# a file's lines, as diagnosis
{
	sed 's/^/# /' "$1"
}

attempt()	# NAME COMMAND...
{
	name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		result 0 "$name"
	else
		comment "$tmp/log"
		result 1 "$name"
	fi
}

header_alone()	# COMPILER LANGUAGE STANDARD
{
	"$1" -x "$2" -std="$3" -pedantic -Wall -Wextra -Werror -fsyntax-only include/devthp_backend.h
}

# Install, and build a program against what was installed, as a user would.
consumer()
{
	root=$tmp/root
	$MAKE --no-print-directory install O="$build" DESTDIR="$root" PREFIX=/usr || return 1
	export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
	cat >"$tmp/consumer.c" <<-C
		#include <devthp.h>
		int main(void) { return devthp_device_close(0); }
	C
	# shellcheck disable=SC2046,SC2086
	$CC $LDFLAGS "$tmp/consumer.c" $(pkg-config --cflags --libs libdevthp) -o "$tmp/consumer" &&
		LD_LIBRARY_PATH=$root/usr/lib "$tmp/consumer" &&
		"$root/usr/bin/devthp" --version
}

# The skeleton of a backend compiles as it is, is found, and can do nothing yet.
skeleton()
{
	$MAKE --no-print-directory O="$tmp/skeleton" BACKEND=skeleton/mydriver.c CC="$CC" \
		LDFLAGS="$LDFLAGS" "$tmp/skeleton/devthp" || return 1
	"$tmp/skeleton/devthp" probe --device /dev/null >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] || return 1
	cat "$tmp/out" "$tmp/err"
	grep -q 'no huge pages\|^devthp: .*THP' "$tmp/err" ||
		{ grep -q '(mydriver)' "$tmp/out" && grep -q 'not supported' "$tmp/err"; }
}

# Wrong use of the command: a sentence on stderr, nothing on stdout, status 2.
misuse()
{
	"$build/devthp" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 2 ] && [ ! -s "$tmp/out" ] && grep -q '^devthp: ' "$tmp/err"
}

lacking()
{
	"$build/devthp" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 3 ] && grep -q '^devthp: .*no device' "$tmp/err"
}

languages='c:c99 c:c11 c:gnu17'
command -v "$CXX" >/dev/null && languages="$languages c++:c++98 c++:c++11 c++:c++20"
checks='consumer skeleton usage device fuzz threads'
echo 'KTAP version 1'
# shellcheck disable=SC2086
echo "1..$(($# * 3 + $(echo $languages $checks | wc -w)))"

for program; do
	name=${program##*/}
	"$program" >"$tmp/log" 2>"$tmp/err"
	status=$?
	comment "$tmp/err"
	sed 's/^/  /' "$tmp/log"
	[ "$status" -le 1 ] || echo "# $name ended with status $status"
	result "$status" "$name"
done

# The same programs, watched: all of them at once, most of them wait most of the time.
watchers='sanitizers valgrind'
watch()	# WATCHER PROGRAM
{
	case $1 in
	sanitizers) "$SANITIZED/tests/$2" ;;
	valgrind) valgrind -q --error-exitcode=9 --leak-check=full \
			--errors-for-leak-kinds=definite,indirect,possible \
			--suppressions=tests/valgrind.supp "$build/tests/$2" ;;
	esac >"$tmp/$1.$2" 2>&1
	echo $? >"$tmp/$1.$2.status"
}

lacks()	# WATCHER: why it cannot be, on stdout
{
	if [ -z "${SANITIZED:-}" ]; then
		echo 'the programs are built with sanitizers'
	elif [ "$1" = valgrind ] && ! command -v valgrind >/dev/null; then
		echo 'valgrind is not installed'
	else
		return 1
	fi
}

for program; do
	for watcher in $watchers; do
		lacks $watcher >/dev/null || watch $watcher "${program##*/}" &
	done
done
wait
for watcher in $watchers; do
	for program; do
		name=${program##*/}
		if why=$(lacks $watcher); then
			result 0 "$name with $watcher # SKIP $why"
			continue
		fi
		status=$(cat "$tmp/$watcher.$name.status")
		[ "$status" -eq 0 ] || comment "$tmp/$watcher.$name"
		result "$status" "$name with $watcher"
	done
done
if [ -n "${THREADS:-}" ]; then
	attempt 'test_threads with the thread sanitizer' "$THREADS/tests/test_threads"
else
	result 0 'test_threads with the thread sanitizer # SKIP the programs are built with others'
fi
# Inputs that are kept, and some changes of them; fuzz/replay.c says how to have one again.
replay=${SANITIZED:-$build}/fuzz/replay
if [ -x "$replay" ]; then
	attempt 'all that parses, on kept and changed inputs' \
		"$replay" -r 2000 -o "$build/fuzz.crash" fuzz/corpus/*
	sed -n 's/^# //p' "$tmp/log" | sed 's/^/# /'
else
	result 0 'all that parses, on kept and changed inputs # SKIP there is no replay'
fi

for language in $languages; do
	compiler=$CC
	[ "${language%%:*}" = c ] || compiler=$CXX
	attempt "header alone as ${language#*:}" \
		header_alone "$compiler" "${language%%:*}" "${language#*:}"
done

if command -v pkg-config >/dev/null; then
	attempt 'a program against the installed library' consumer
else
	result 0 'a program against the installed library # SKIP no pkg-config here'
fi

attempt 'the skeleton of a backend' skeleton

wrong=0
for words in '' nothing 'cycle --folios=0' 'cycle --folios=x' 'cycle --unmap' 'cycle more' \
	'cycle --nothing' 'probe more' 'map' 'map x' 'map 1 2-1' 'map 1 2 3' 'check' \
	'check --nothing' 'check 0' 'check 1 1000-1001'; do
	# shellcheck disable=SC2086
	misuse $words || { wrong=1; echo "# devthp $words"; comment "$tmp/err"; }
done
result "$wrong" 'wrong use of the command'

if [ -e /dev/hmm_dmirror3 ]; then
	result 0 'a missing device is named # SKIP this machine has them all'
elif [ ! -e /sys/kernel/mm/transparent_hugepage ]; then
	result 0 'a missing device is named # SKIP this kernel has no huge pages'
else
	attempt 'a missing device is named' lacking cycle --device /dev/hmm_dmirror3
fi
exit $failed
