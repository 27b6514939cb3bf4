# SPDX-License-Identifier: GPL-2.0-or-later
# The front door: `make help`. mk/ has the scripts that do the work; the kernel
# reads guest/linux/Kbuild.

PYTHON := /usr/bin/python3

# rows,TABLE[,WHEN]: names of a table's rows, everyday ones or all.
rows = $(shell awk '!/^#/ && NF && ("$(2)" == "" || $$NF == "$(2)") { print $$1 }' mk/$(1))
ALL_KERNELS := $(call rows,kernels)
EVERYDAY := $(call rows,kernels,everyday)
KERNELS := $(filter-out secure-%,$(EVERYDAY))
SECURE_KERNELS := $(filter secure-%,$(ALL_KERNELS))
# In make check; the others are in check-secure and check-matrix.
SECURE_KERNEL := $(firstword $(filter secure-%,$(EVERYDAY)))

ALL_QEMUS := $(call rows,qemus)

KERNEL ?= $(firstword $(ALL_KERNELS))
QEMU ?= vdma
SECURE ?= 0
# As it was written: no make and no shell looks into it.
export VDMA_APPEND := $(value APPEND)
export VDMA_MODULES := $(MODULES)
export VDMA_MODULE := $(MODULE)
export VDMA_SLOF := $(SLOF)
V ?= 0
VDMA_CACHE ?= $(HOME)/.cache/vdma
JOBS ?= $(shell nproc)
export V VDMA_CACHE JOBS

# Several goals are carried out in the order in which they are named.
ifeq ($(MAKELEVEL)$(word 2,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(JOBS)
endif

ifneq ($(V),1)
Q := @
endif

# Python's caches have no place in the source tree.
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# A name that is wrong is said before anything is built for it.
one-of = $(if $(and $(filter 1,$(words $(2))),$(filter $(3),$(2))),,$(error $(1)=$(2): want one of $(3)))
# A name with a slash is a path, and vdma-run says if it is wrong.
KERNEL_ROW := $(if $(findstring /,$(KERNEL)),,$(KERNEL))
QEMU_ROW := $(if $(findstring /,$(QEMU)),,$(QEMU))
# Several packages are one kernel, and one word of the environment.
space := $(subst ,, )
KERNEL_SPEC = $(subst $(space),:,$(strip $(KERNEL)))
$(if $(findstring /,$(KERNEL)),,$(call one-of,KERNEL,$(KERNEL),$(ALL_KERNELS)))
$(if $(findstring /,$(QEMU)),,$(call one-of,QEMU,$(QEMU),$(ALL_QEMUS)))
$(call one-of,SECURE,$(SECURE),0 1)

# qemu-row,NAME: the row itself where NAME is another's; its way and its flavour.
qemu-row = $(shell awk '$$1 == "$(1)" { print $$2 == "=" ? $$3 : $$1 }' mk/qemus)
qemu-way = $(shell awk '$$1 == "$(call qemu-row,$(1))" { print $$2 }' mk/qemus)
qemu-flavour = $(shell awk '$$1 == "$(call qemu-row,$(1))" { print $$5 }' mk/qemus)
QEMU_WAY := $(call qemu-way,$(QEMU_ROW))
ifeq ($(call qemu-flavour,$(QEMU_ROW)),tsan)
$(error QEMU=$(QEMU): only make check-tsan boots it, and needs no QEMU=)
endif
# The QEMU with our hypervisor side: QEMU=, or the usual one.
OURS := $(if $(filter hooked targets,$(call qemu-flavour,$(QEMU_ROW))),$(QEMU),vdma)
QEMU_PARTS := slof qemu-$(OURS) $(if $(filter debian,$(QEMU_WAY)),qemu-$(QEMU))

include mk/sources.mk mk/core.mk mk/lib.mk mk/boot.mk mk/unit.mk mk/guest.mk mk/fuzz.mk mk/check.mk \
	mk/docs.mk mk/bench.mk mk/run.mk mk/setup.mk
-include $(DEPS)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' \
		mk/boot.mk mk/setup.mk mk/lib.mk mk/run.mk mk/guest.mk mk/check.mk mk/fuzz.mk mk/bench.mk mk/docs.mk Makefile
	@echo
	@echo '  KERNEL=NAME           kernel for boot, shell, bench and tests (now $(KERNEL)): a path (./vmlinux) or'
	@echo '                        $(ALL_KERNELS)'
	@echo '  QEMU=NAME             QEMU for the same (now $(QEMU)); stock is the distribution'"'"'s: a path or'
	@echo '                        $(ALL_QEMUS)'
	@echo '  MODULES=, MODULE=     with a path for KERNEL: its modules, and ours or the tree to build it against'
	@echo '  SLOF=PATH             firmware instead of what the QEMU has'
	@echo '  SECURE=1              boot and shell: a secure VM, watched by the DMA guard'
	@echo '  APPEND="..."          more for the kernel command line, such as disable_ddw'
	@echo '  PREFIX=DIR            where install puts things, below DESTDIR if set (now $(PREFIX))'
	@echo '  TIME=SECONDS          how long fuzz runs each target (now $(TIME))'
	@echo '  BENCH=quick           two minutes of bench instead of ten; ACCEL=kvm on a POWER host'
	@echo '  CONFIGS=, WORKLOADS=  what bench measures, by name; ROUNDS=N, SEED=N'
	@echo '  SETUP=no              ask neither dpkg nor apt for packages of this machine'
	@echo '  V=1                   show every command and all output'
	@echo '  JOBS=N                parallel compiles and tests (now $(JOBS))'
	@echo '  VDMA_CACHE=DIR        third-party parts (now $(VDMA_CACHE))'

.PHONY: lint
lint: | packages ## checkpatch, sparse, cppcheck, shellcheck, mandoc, codespell
	$(Q)mk/lint

.PHONY: clean
clean: ## remove what was built from this tree
	$(Q)rm -rf build

.PHONY: clean-cache
clean-cache: ## remove cached parts and downloads that this tree no longer uses
	$(Q)mk/part --gc

.PHONY: distclean
distclean: clean ## clean, and remove all cached parts and downloads
	$(Q)! cd "$${VDMA_CACHE:?}" 2>/dev/null || rm -rf apt drift hosts kernels lock log modules parts tmp
