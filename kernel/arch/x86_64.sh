# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# One architecture: all that the scripts need to know of x86_64.
image="arch/x86/boot/bzImage"	# below the object directory
image_target=bzImage
gnu_triplet="x86_64-linux-gnu"
debian_arch=amd64
cross_packages="gcc-x86-64-linux-gnu libc6-dev-amd64-cross"
qemu="qemu-system-x86_64"
qemu_package="qemu-system-x86"
console=ttyS0
# On a busy host a guest may see too few ticks in the moment when it looks whether its
# timer works, and would panic. KVM tells its guests not to look.
machine_args=no_timer_check
accelerators="kvm tcg,thread=multi"	# tried in this order, by a probe boot

# What "make check" is made of, in which states of the memory, and in how many minutes.
check_parts="lint runner lib portable guest unpatched"
check_states=few
check_budget=
check_first=		# programs, where there is a budget
mutants_by=all		# programs of the suite, or killers

# The machine; microvm is smaller, but does not boot under TCG. With the default
# CPU, TCG takes a quarter less time than with all that -cpu max has to emulate; entries
# of 1 GiB are not of the default.
qemu_machine()
{
	echo "-machine pc -cpu qemu64,+pdpe1gb"
}
