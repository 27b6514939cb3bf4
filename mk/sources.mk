# SPDX-License-Identifier: GPL-2.0-or-later
# Source files by name. A new file goes into its list here; a test finds those that are
# in none. The module's own are in guest/linux/Kbuild.

# The core: freestanding, for every flavour (mk/core.mk).
CORE_SRC := \
	$(addprefix guest/dma/,audit.c bounce.c domain.c iova.c map_cache.c slots.c window.c) \
	$(addprefix guest/virtio/,features.c pci_modern.c policy.c reason.c virtio_blk.c \
		virtio_dev.c virtio_net.c virtqueue.c virtqueue_packed.c virtqueue_split.c) \
	$(addprefix guest/powerpc/,bypass.c ddw.c domain_tce.c dt_facts.c property.c \
		secure.c tce.c)

# Reads device trees with libfdt.
DT_SRC := guest/powerpc/dt.c

TOOL_SRC := $(addprefix tools/vdmactl/,assume.c explain.c explain_qmp.c file.c infer.c \
	main.c output.c print_verbose.c qemu.c qmp.c row.c status.c sysfs.c tag.c tagging.c util.c)

# The bare-metal program: benches and tests, and the machine that they run on.
GUEST_SRC := \
	$(addprefix guest/baremetal/,bench_blk.c bench_bounce.c bench_first.c) \
	$(addprefix guest/baremetal/test_,audit.c blk.c blk_load.c blk_shapes.c bounce.c \
		bypass.c ddw.c decide.c dirty.c hostile.c iotlb.c isolation.c migrate.c net.c reboot.c \
		secure.c secure_random.c secure_revoke.c secure_thread.c selftest.c switch.c \
		tce.c toggle.c unplug.c window_gone.c) \
	$(addprefix guest/baremetal/lib/,args.c boot.c bounce.c clock.c console.c control.c \
		decide.c device.c disk.c exception.c hypercall.c ktap.c load.c of.c page.c pci.c \
		printf.c private.c registers.c rtas.c smp.c spinlock.c string.c tree.c \
		ultravisor.c windows.c)
GUEST_ASM := guest/baremetal/lib/head.S

# A program each; *_threads.c run with ThreadSanitizer, too.
UNIT_SRC := $(addprefix tests/unit/test_,audit.c audit_threads.c bounce.c bounce_pool.c \
	bounce_random.c bounce_threads.c bypass.c bypass_hypervisor.c ddw.c dma_guard_log.c \
	domain.c dt.c dt_depth.c dt_facts.c dt_tree.c iova.c policy.c property.c reuse.c \
	secure.c secure_threads.c slot_cache.c slots.c tce.c tce_threads.c uv_pages.c \
	uv_pages_threads.c virtio_blk.c virtio_dev.c virtio_net.c virtio_pci.c virtqueue.c \
	virtqueue_garbage.c virtqueue_hostile.c)

# Fuzz targets, a program each, and what they share.
FUZZ_TARGET_SRC := $(addprefix tests/fuzz/fuzz_,dt.c property.c tag.c)
FUZZ_SRC := $(FUZZ_TARGET_SRC) $(addprefix tests/fuzz/,choice.c fence.c mutate.c second.c)
