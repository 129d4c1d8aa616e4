# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What make is told by variables: each value, or an end that says what is wrong with it.
# Sourced by lib.sh; of what a kernel or an architecture says, load_arch comes before.

faults=$top/kernel/mutants

# What MINUTES says, or else that many.
minutes_given()
{
	case ${MINUTES:-$1} in
	*[!0-9]*|0*|??????*) die "MINUTES=$MINUTES is no number of minutes." ;;
	esac
	echo "${MINUTES:-$1}"
}

# What SHARD says, or else the whole: N/M, the Nth of M parts of a list.
shard_given()
{
	shard=${SHARD:-1/1}
	case $shard in
	*[!0-9/]*|*/*/*|/*|*/|0*|????????????*) ;;
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
	*[!0-9]*|0*|??????*) die "BUDGET=$BUDGET is no number of minutes." ;;
	esac
	echo "$BUDGET"
}

# What MUTANTS says: names of faults, or nothing.
faults_given()
{
	for name in ${MUTANTS:-}; do
		[ -f "$faults/$name.patch" ] || die "there is no fault \"$name\" in kernel/mutants."
		[ -n "$(echo "$name" | faults_of_this_arch)" ] ||
			die "the fault \"$name\" is in a file of another architecture than ARCH=$ARCH."
	done
	echo "${MUTANTS:-}"
}

# Of the names on stdin, those that touch files of this architecture, and then those that
# touch no architecture's.
faults_of_this_arch()
{
	others=
	while read -r name; do
		own=$(sed -n 's,^+++ b/\(arch/[^/]*\)/.*,\1,p' "$faults/$name.patch" | sort -u)
		case $own in
		"${image%%/boot/*}") echo "$name" ;;
		"") others="$others $name" ;;
		esac
	done
	echo "$others" | xargs -n 1
}

# Trees and tarballs may be missing.
sources_given()
{
	for source in "${KERNEL_SRC:-}" "${NEWER_SRC:-}"; do
		[ -z "$source" ] || [ -e "$source" ] ||
			die "KERNEL_SRC or NEWER_SRC is $source: there is no such tree or tarball."
	done
}

# of_shard N/M: of the lines on stdin every Mth, from the Nth on.
of_shard()
{
	awk -v n="${1%/*}" -v m="${1#*/}" 'NR % m == n % m'
}
