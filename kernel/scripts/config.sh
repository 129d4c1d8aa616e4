#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# config.sh KERNEL: merge the fragments of kernel/config with the kernel's own
# tool, then check that every line asked for is in the result.
. "$(dirname "$0")/lib.sh"
alone build
load_kernel "$1"

cd "$top/kernel/config"
fragments="base.config $ARCH.config hmm.config tests.config $checks"
# What the selftests say they need is held against the result as well. An empty
# series brings no options of its own.
[ ! -s "$source_dir/touched" ] || fragments="$fragments $brings"

# The objects of another source are of no use, and their times would mislead kbuild.
where=$(sed -n 1p "$source_dir/origin")
up_to_date "$kernel_dir/origin" "$where" || rm -rf "$kernel_dir"
mkdir -p "$obj"
stamp "$kernel_dir/origin" "$where"
echo "$fragments" >"$kernel_dir/fragments"

state=$source_dir/origin
[ "$kernel" = unpatched ] || state=$source_dir/patched.stamp
key=$(digest "$state" $fragments)
! up_to_date "$kernel_dir/config.stamp" "$key" || exit 0
rm -f "$kernel_dir/config.stamp"

merge()
{
	# shellcheck disable=SC2086
	env -C "$tree" ARCH="$ARCH" CROSS_COMPILE="$cross" \
		scripts/kconfig/merge_config.sh -n -O "$obj" $paths </dev/null
}

say CONFIG "$kernel: $(basename -a -s .config $fragments | xargs)"
paths=$(for f in $fragments; do printf '%s ' "$PWD/$f"; done)
logged "$kernel_dir/config.log" merge || die "the configuration could not be merged."

# A line that asks for a value must be there; one that asks for "not set" holds
# too when the option is not even visible.
lost=$(
	cat $fragments | while read -r line; do
		case $line in
		CONFIG_*=*)
			grep -qxF -- "$line" "$obj/.config" || echo "$line" ;;
		'# CONFIG_'*' is not set')
			option=${line#\# }
			! grep -q "^${option%% *}=" "$obj/.config" || echo "$line" ;;
		esac
	done
)
[ -z "$lost" ] || {
	echo "$lost" >&2
	die "Linux $(sed -n 's/^release //p' "$source_dir/origin") ($kernel) did not take the lines above from kernel/config;" \
	    "an option is missing there, or something it depends on."
}
stamp "$kernel_dir/config.stamp" "$key"
