# SPDX-License-Identifier: GPL-2.0
# Every verb is a stage; a stage brings about those that it builds on, and each
# does nothing when its result is up to date. `make help` lists them.

variables := ARCH BUDGET KERNEL_SRC MINUTES MUTANTS NEWER_SRC O SHARD STATES V

given := $(foreach v,$(.VARIABLES),$(if $(findstring command line,$(origin $v)),$v))
unknown := $(filter-out $(variables),$(given))
ifneq ($(unknown),)
$(error unknown variable $(unknown); there is $(variables), see "make help")
endif

O ?= build
ifeq ($(strip $(O)),)
$(error O= names no directory)
endif
comma := ,
place := $(CURDIR) $(O)
ifneq ($(words $(place)) $(place),2 $(subst $(comma),,$(subst :,,$(place))))
$(error there is a space, colon or comma in "$(CURDIR)" or "O=$(O)", which kbuild or QEMU does not take)
endif
export BUILD := $(abspath $(O))
export ARCH ?= x86_64
export KERNEL_SRC
export NEWER_SRC
export MINUTES
export STATES
export BUDGET
export MUTANTS
export SHARD
export V
unexport O MAKEFLAGS MAKEOVERRIDES MFLAGS
# Between scripts only: others may call other things so.
unexport ACCEL GUEST_ARGS IMAGE KNOWN_FAILURES NEEDS QEMU_ARGS SERIES_DIR

# The kernel to compare with, where make check does (kernel/arch).
compared := $(shell sed -n 's/^check_parts=.*\(unpatched\).*/\1/p' kernel/arch/$(ARCH).sh 2>/dev/null)

MAKEFLAGS += --no-print-directory
s := @kernel/scripts

.DEFAULT_GOAL := help
.NOTPARALLEL:

run: accel			## boot and print the life of one 2 MiB folio
	$(s)/run.sh

check: deps-lib accel $(compared)	## run every test; ends with "N passed, N failed, N skipped"
	$(s)/check.sh

shell: accel			## boot an interactive guest with the tools in it
	$(s)/shell.sh

deps:				## install missing Debian packages (apt, sudo)
	$(s)/deps.sh

# What only some verbs need; all is installed before the first step that takes long.
deps-%: deps
	$(s)/deps.sh $*

fetch: deps			## bring the kernel's source: KERNEL_SRC, or Debian's package
	$(s)/fetch.sh

patch: fetch			## apply the series at fuzz 0
	$(s)/patch.sh

config: patch			## merge and verify the configuration
	$(s)/config.sh patched

kernel: config			## compile the patched kernel
	$(s)/build.sh patched

lib: deps			## build libdevthp and the devthp command
	$(s)/programs.sh lib

selftests: kernel		## build the selftests inside the kernel's tree
	$(s)/programs.sh selftests
	$(s)/programs.sh hmm-tests patched

initramfs: lib selftests	## pack what the guest runs
	$(s)/initramfs.sh patched

accel: initramfs		## choose KVM or TCG by a probe boot
	$(s)/accel.sh

unpatched: selftests lib	## the same kernel without the series, to compare with
	$(s)/config.sh unpatched
	$(s)/build.sh unpatched
	$(s)/programs.sh hmm-tests unpatched
	$(s)/initramfs.sh unpatched

debug nodebug kcsan: selftests lib	## the kernel with every check, with none, with a search for data races
	$(s)/config.sh $@
	$(s)/build.sh $@
	$(s)/programs.sh hmm-tests $@
	$(s)/initramfs.sh $@

probe: selftests lib		## 6.12 with nothing of the series but the probe
	$(s)/patch-probe.sh
	$(s)/config.sh probe
	$(s)/build.sh probe
	$(s)/programs.sh hmm-tests probe
	$(s)/initramfs.sh probe

check-probe: accel probe	## the probe's tests where the rest of the series is not
	$(s)/check.sh probe

check-debug: accel debug	## the tests in the guest with KASAN, lockdep, kmemleak and more
	$(s)/check.sh debug runner-debug

check-nodebug: accel nodebug	## the tests in the guest without CONFIG_DEBUG_VM
	$(s)/check.sh nodebug

check-kcsan: accel kcsan	## the tests in the guest while KCSAN looks for data races
	$(s)/check.sh kcsan

series: deps-series kernel	## every prefix of the series builds, configured in and out; sparse
	$(s)/check.sh lint series

bench: nodebug			## measure migrations in guest instructions, against goals
	$(s)/bench.sh

coverage: accel selftests lib	## which lines of the series does no test reach?
	$(s)/config.sh coverage
	$(s)/build.sh coverage
	$(s)/programs.sh hmm-tests coverage
	$(s)/initramfs.sh coverage
	$(s)/coverage.sh

soak: accel debug		## the concurrent tests on the debug kernel, MINUTES long
	$(s)/soak.sh

stress: accel			## random operations against a model of what must come of them, MINUTES long
	$(s)/stress.sh patched

stress-debug: accel debug	## the same on the debug kernel
	$(s)/stress.sh debug

fuzz: deps-fuzz			## libFuzzer for MINUTES on all that the library parses; takes clang
	$(s)/fuzz.sh

mutants: accel			## is every fault of kernel/mutants noticed? MUTANTS="NAME...", SHARD=N/M
	$(s)/mutants.sh

check-newer: accel		## hmm-tests of a newer kernel: NEWER_SRC, or Debian's newest source
	$(s)/newer.sh

check-guest: accel $(compared)	## only the tests in the guest; SHARD=N/M, some of them
	$(s)/check.sh guest

check-unpatched: accel unpatched	## only the unpatched kernel: new tests must not pass there
	$(s)/check.sh unpatched

check-lib: deps-lib fetch		## only the library's own tests, on this machine
	$(s)/check.sh lib

check-portable: selftests	## only the selftests that any device passes, on this machine: a model, a toy
	$(s)/check.sh portable

check-runner: accel		## only the tests of the runner: it must notice what goes wrong
	$(s)/check.sh runner

lint: patch			## scripts, the selftests' use of the library, the series with git am and checkpatch
	$(s)/check.sh lint

clean:				## remove what was built, keep the kernel's source
	$(s)/clean.sh

distclean:			## remove the build directory
	$(s)/clean.sh all

help:				## this list
	@echo "make VERB [ARCH=x86_64] [KERNEL_SRC=tree or tarball] [O=build directory] [V=1] [MINUTES=30] [NEWER_SRC=tree or tarball] [MUTANTS=names] [SHARD=N/M] [STATES=all, typical or few] [BUDGET=minutes]"
	@awk '/^[a-z -]+:.*##/ { split($$0, part, ":.*## *"); printf "  %-16s%s\n", part[1], part[2] }' Makefile

.PHONY: run check shell deps fetch patch config kernel lib selftests initramfs accel \
	unpatched probe debug nodebug kcsan check-probe check-debug check-nodebug check-kcsan check-newer series bench coverage soak stress stress-debug mutants fuzz check-guest check-unpatched check-lib check-portable check-runner lint clean distclean help
