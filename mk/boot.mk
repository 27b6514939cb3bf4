# SPDX-License-Identifier: GPL-2.0-or-later
# Third-party parts, the module, and booting it all.

# SECURE=1 KERNEL=7.2 and KERNEL=secure-7.2 are the same.
BOOT_KERNEL := $(KERNEL_ROW)
ifeq ($(SECURE)$(if $(KERNEL_ROW),row),1row)
BOOT_KERNEL := $(patsubst secure-secure-%,secure-%,secure-$(KERNEL_ROW))
$(call one-of,KERNEL,$(BOOT_KERNEL),$(ALL_KERNELS))
endif
BOOT_SECURE := $(if $(filter secure-%,$(BOOT_KERNEL))$(filter 1,$(SECURE)),1)
# A path is checked when it exists.
ifneq ($(and $(BOOT_SECURE),$(BOOT_KERNEL),$(filter-out $(OURS),$(QEMU_ROW))),)
$(error KERNEL=$(BOOT_KERNEL): QEMU=$(QEMU) has no ultravisor)
endif
BOOT_PARTS := $(if $(BOOT_KERNEL),kernel-$(BOOT_KERNEL) headers-$(BOOT_KERNEL)) busybox
ifneq ($(filter-out host,$(QEMU_WAY)),)
BOOT_PARTS += $(if $(filter built,$(QEMU_WAY)),slof) qemu-$(QEMU)
endif

.PHONY: boot-parts
boot-parts: | packages
	$(Q)mk/part $(BOOT_PARTS) >/dev/null

# The kernel's build system knows best whether there is something to do.
module = $(1:%=build/linux/%/virtio_dma_policy.ko)
EVERYDAY_MODULES := $(call module,$(KERNELS))
SECURE_MODULE := $(call module,$(SECURE_KERNEL))
SECURE_MODULES := $(call module,$(SECURE_KERNELS))
.PHONY: FORCE modules
modules: $(EVERYDAY_MODULES) ## the module for the everyday kernels
$(call module,$(ALL_KERNELS)): build/linux/%/virtio_dma_policy.ko: FORCE | packages
	$(Q)mk/module $*

.PHONY: kernels
kernels: ## the kernels that KERNEL= takes, and what the cache has of them
	$(Q)mk/kernel-list

build/firmware/vdma.nvramrc: firmware/slof/vdma.fs firmware/slof/pack | packages
	@mkdir -p $(@D)
	@printf '  %-7s %s\n' PACK $@
	$(Q)$(PYTHON) firmware/slof/pack -o $@ $<

BOOT_NEEDS := $(call module,$(BOOT_KERNEL)) build/firmware/vdma.nvramrc \
	$(PPC64LE)/vdmactl
BOOT = tools/vdma-run/vdma-run $(if $(BOOT_SECURE),secure,boot) \
	$(addprefix --kernel ,$(or $(BOOT_KERNEL),$(KERNEL))) --qemu $(QEMU)

.PHONY: boot shell
boot: $(BOOT_NEEDS) | boot-parts ## boot the chain, do I/O, print the table of devices
	$(Q)$(BOOT)

shell: $(BOOT_NEEDS) | boot-parts ## boot the same and stay at a prompt
	$(Q)$(BOOT) --shell
