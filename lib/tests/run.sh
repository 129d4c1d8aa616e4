#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# run.sh BUILD PROGRAM...: run the unit tests and all else that tests/checks.sh knows, as
# many at once as there are processors; one KTAP stream, exit status 1 if anything failed.
# For the environment see there.
set -u
export BUILD="$1"
shift

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
planned=0

plan()	# TITLE CHECK ARGUMENT...
{
	planned=$((planned + 1))
	echo "$1" >"$tmp/$planned.title"
	shift
	echo "$*" >"$tmp/$planned.words"
}

comment()	# a file's lines, as diagnosis
{
	sed 's/^\(# \)\{0,1\}/# /' "$1"
}

# One that was ended has no status. What a program of tests says is a stream of its own.
report()	# NUMBER
{
	read -r title <"$tmp/$1.title"
	read -r check _ <"$tmp/$1.words"
	status=1
	[ ! -e "$tmp/$1.status" ] || read -r status <"$tmp/$1.status"
	case $check in
	plain) comment "$tmp/$1.err"; sed 's/^/  /' "$tmp/$1.log" ;;
	*) cat "$tmp/$1.err" >>"$tmp/$1.log" ;;
	esac
	case $check:$status in
	plain:*|*:0|*:4) ;;
	*) comment "$tmp/$1.log" ;;
	esac
	case $check:$status in
	replay:0) grep '^# ' "$tmp/$1.log" ;;
	esac
	case $status in
	0) echo "ok $1 $title" ;;
	4) echo "ok $1 $title # SKIP $(tail -n 1 "$tmp/$1.log")" ;;
	*) echo "not ok $1 $title"; echo "$1" >>"$tmp/failed" ;;
	esac
}

for program; do plan "${program##*/}" plain "${program##*/}"; done
# What takes longest comes first.
plan 'the skeleton of a backend' skeleton
plan 'a model as a backend' backend model
plan 'a toy as a backend' backend skeleton/toy.c
plan 'the commands with --json' json
for program; do plan "${program##*/} with valgrind" memory "${program##*/}"; done
for program; do plan "${program##*/} with sanitizers" sanitizers "${program##*/}"; done
plan 'test_threads with the thread sanitizer' threads test_threads
plan 'all that parses, on kept and changed inputs' replay
for language in c:c99 c:c11 c:gnu17 c++:c++98 c++:c++11 c++:c++20; do
	plan "header alone as ${language#*:}" header "${language%%:*}" "${language#*:}"
done
for language in c c++; do
	plan "a program in $language against the installed library" consumer $language
done
plan 'places that cannot be are refused' places
plan 'wrong use of the command' misuse
plan 'a missing device is named' missing_device
plan 'a process that has reserved much' reserved
plan 'a process that has ended' ended
plan 'the probe is that of the series' probe
plan 'all names are seen that an ABI has' names
plan 'man pages and headers name the same' texts names
plan 'man pages and commands have the same options and keys' texts commands
plan 'the example of the man page' texts example
plan 'man pages, linted' pages
plan 'the table of the rules' tables invariants
plan 'the table of a backend in the porting guide' tables porting
for machine in x86_64 aarch64; do
	plan "the ABI is that of the baseline ($machine)" abi $machine
done

echo 'KTAP version 1'
echo "1..$planned"
# Reported in order, each as soon as those before it have been.
# shellcheck disable=SC2016 # for the shell of each
seq $planned | xargs -P "$(nproc)" -n 1 sh -c '
	sh tests/checks.sh $(cat "$0/$1.words") >"$0/$1.log" 2>"$0/$1.err"
	echo $? >"$0/$1.ended"
	mv "$0/$1.ended" "$0/$1.status"
	echo' "$tmp" | {
	next=1
	while read -r _; do
		while [ -e "$tmp/$next.status" ]; do
			report $next
			next=$((next + 1))
		done
	done
	while [ $next -le $planned ]; do
		report $next
		next=$((next + 1))
	done
}
[ ! -e "$tmp/failed" ]
