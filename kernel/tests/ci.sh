#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The jobs of docs/ci for other people's machines: they are what they say, make takes what
# they ask it, and what LAVA is told is what became of the programs. No boot.
. "$(dirname "$0")/common/tap.sh"
jobs=$top/docs/ci

is_yaml()
{
	python3 -c 'import sys, yaml; print(sorted(yaml.safe_load(open(sys.argv[1])), key=str))' "$1"
}

# yaml FILE KEYS: what is at its top
yaml()
{
	if python3 -c 'import yaml' 2>/dev/null; then
		expect 0 "$2" "$(basename "$1") is YAML" is_yaml "$1"
	else
		number=$((number + 1))
		echo "ok $number $(basename "$1") is YAML # SKIP python3 has no module yaml"
	fi
}

# Everything that a file asks make for, with something in the place of what it fills in.
make_takes()
{
	sed -n -e 's/\${{[^}]*}}/1/g; s/\$CI_NODE_INDEX/1/; s/\$CI_NODE_TOTAL/4/' \
		-e 's/.*[-] \(run: \)*make \(.*\)/\2/p' "$1" >"$dir/wanted"
	[ -s "$dir/wanted" ] || return
	while read -r line; do
		# shellcheck disable=SC2086
		make -n -C "$top" O="$dir/build" $line || return
		echo "taken: make $line"
	done <"$dir/wanted"
}

# lava STATUS TEXT TITLE LINE...: the runner prints LINEs
lava()
{
	wanted=$1 words=$2 title=$3
	shift 3
	printf '%s\n' "$@" >"$dir/said"
	rm -f "$dir/told"
	expect "$wanted" "$words" "$title" told
}

told()
{
	PATH="$dir/stubs:$PATH" sh "$jobs/lava.sh" "$dir/stubs" >"$dir/printed"
	status=$?
	cat "$dir/told"
	return $status
}

stub()
{
	printf '%s\n' '#!/bin/sh' "$2" >"$dir/stubs/$1"
	chmod +x "$dir/stubs/$1"
}

plan 17
yaml "$jobs/github-actions.yml" "'jobs', 'name'"
yaml "$jobs/gitlab-ci.yml" "'guest', 'host', 'variables'"
yaml "$jobs/lava.yml" "'metadata', 'params', 'run'"
expect 0 "taken: make check-guest SHARD=1/4" "GitHub's job is one for make" make_takes "$jobs/github-actions.yml"
expect 0 "taken: make check-guest SHARD=1/4" "GitLab's job is one for make" make_takes "$jobs/gitlab-ci.yml"
echo '    - make check-gest SHARD=$CI_NODE_INDEX/$CI_NODE_TOTAL' >"$dir/typo.yml"
expect 1 "check-gest" "a verb that there is not" make_takes "$dir/typo.yml"
echo '      - run: make check-guest SHRD=1' >"$dir/typo.yml"
expect 1 "unknown variable SHRD" "a variable that there is not" make_takes "$dir/typo.yml"

mkdir -p "$dir/stubs"
stub run_kselftest.sh "cat $dir/said"
stub modprobe "exit 0"
stub lava-test-case "echo \"\$@\" >>$dir/told"
fork="selftests: devthp: fork"
lava 0 "fork --result pass" "a program that passes" "TAP version 13" "1..1" "# ok 1 a" "ok 1 $fork"
lava 1 "fork.folios.1-x --result fail" "a case that fails" "1..1" "# not ok 1 folios.1 x # why" "not ok 1 $fork # exit=1"
lava 1 "fork.a --result fail" "a program that says ok over it" "1..1" "# not ok 1 a" "ok 1 $fork"
lava 0 "fork.a --result skip" "a case that is skipped" "1..1" "# ok 1 a # SKIP no fuel" "ok 1 $fork"
lava 0 "fork --result skip" "a program that is skipped" "1..1" "ok 1 $fork # SKIP"
lava 1 "fork --result fail" "a program that crashes" "1..1" "# ok 1 a" "not ok 1 $fork # exit=139"
lava 1 "all-programs-ended --result fail" "a run that ends between programs" "1..2" "ok 1 $fork"
lava 1 "all-programs-ended --result fail" "a run that ends in one" "1..1" "# ok 1 a" "# ok 2 b"
lava 1 "all-programs-ended --result fail" "a run that says nothing"
stub modprobe "exit 1"
lava 1 "test_hmm-loads --result fail" "a module that does not load" "1..1" "ok 1 $fork"
$all_passed
