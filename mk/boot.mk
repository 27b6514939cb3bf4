# SPDX-License-Identifier: GPL-2.0-or-later
# Host packages, third-party parts, the module, and booting it all.

# installed-SET: Debian packages of that set (mk/packages) are on the host.
INSTALLED := $(addprefix installed-,boot stock secure tools check coverage bench lint live)
.PHONY: $(INSTALLED)
$(INSTALLED):
	$(Q)mk/install $(@:installed-%=%)

BOOT_SECURE := $(filter 1,$(SECURE))
ifeq ($(BOOT_SECURE)$(QEMU),1stock)
$(error SECURE=1: only QEMU=vdma has an ultravisor)
endif
BOOT_KERNEL := $(BOOT_SECURE:1=secure-)$(KERNEL)
BOOT_PARTS := kernel-$(BOOT_KERNEL) headers-$(BOOT_KERNEL) busybox
BOOT_SETS := installed-boot $(BOOT_SECURE:1=installed-secure)
ifeq ($(QEMU),stock)
BOOT_SETS += installed-stock
else
BOOT_PARTS += slof qemu
endif

.PHONY: boot-parts
boot-parts: $(BOOT_SETS)
	$(Q)mk/part $(BOOT_PARTS) >/dev/null

# The kernel's build system knows best whether there is something to do.
MODULES := $(KERNELS:%=build/linux/%/virtio_dma_policy.ko)
SECURE_MODULE := build/linux/secure-6.12/virtio_dma_policy.ko
SECURE_MODULES := $(SECURE_KERNELS:%=build/linux/%/virtio_dma_policy.ko)
.PHONY: FORCE modules
modules: $(MODULES) ## the module for both kernels
$(MODULES) $(SECURE_MODULES): build/linux/%/virtio_dma_policy.ko: FORCE | installed-boot
	$(Q)mk/module $*
$(SECURE_MODULES): | installed-secure

build/firmware/vdma.nvramrc: firmware/slof/vdma.fs firmware/slof/pack | installed-boot
	@mkdir -p $(@D)
	@printf '  %-7s %s\n' PACK $@
	$(Q)$(PYTHON) firmware/slof/pack -o $@ $<

BOOT_NEEDS := build/linux/$(BOOT_KERNEL)/virtio_dma_policy.ko build/firmware/vdma.nvramrc \
	$(PPC64LE)/vdmactl
BOOT := $(PYTHON) -m tests.lib.boot --kernel $(KERNEL) --qemu $(QEMU) $(BOOT_SECURE:1=--secure) --append "$(APPEND)"

.PHONY: boot shell
boot: $(BOOT_NEEDS) | boot-parts ## boot the chain, do I/O, print the table of devices
	$(Q)$(BOOT)

shell: $(BOOT_NEEDS) | boot-parts ## boot the same and stay at a prompt
	$(Q)$(BOOT) --shell
