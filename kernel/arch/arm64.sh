# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# One architecture: all that the scripts need to know of arm64, which is aarch64 to GNU
# and QEMU.
image="arch/arm64/boot/Image"	# below the object directory
image_target=Image
gnu_triplet="aarch64-linux-gnu"
debian_arch=arm64
cross_packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
qemu="qemu-system-aarch64"
qemu_package="qemu-system-arm"
console=ttyAMA0
machine_args=
# Another machine's processor is emulated, and no KVM need be tried.
accelerators="tcg,thread=multi"
[ "$(uname -m)" != aarch64 ] || accelerators="kvm $accelerators"

# Emulated, all that "make check" does elsewhere would take hours: here it is what depends
# on the architecture, without an unpatched kernel to compare with, in the typical states
# of the memory, and what begins within so many minutes of the guest.
check_parts="guest"
check_states=typical
check_budget=6
check_first="contpte_unmap contpte_protect contpte_move contpte_reclaim contpte_migrate \
	contpte_race hmm-tests whole_folio empty_range fork mprotect mremap partial_unmap \
	partial_migrate folio_orders probe_kinds cpu_access madvise device_access swap \
	uffd_states coherent coherent_fork coherent_partial_unmap race_mapping race_migrate \
	hmm-tests-thp"
mutants_by=killers

# Pointers are authenticated by what costs TCG least.
qemu_machine()
{
	case $accel in
	kvm) echo "-machine virt,gic-version=max -cpu host" ;;
	*) echo "-machine virt,gic-version=3 -cpu max,pauth-impdef=on" ;;
	esac
}
