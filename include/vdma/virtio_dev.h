/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A virtio device with the modern PCI transport (virtio 1.2, 4.1), from finding its
 * registers to a running queue.
 *
 * The adapter assigns BARs, and enables memory space and bus mastering. Then call, in this
 * order: vdma_virtio_find(), vdma_virtio_begin(), vdma_virtio_features(),
 * vdma_virtio_queue() for each queue, vdma_virtio_ready(). The drivers of blk.h and net.h
 * make all of these calls but the first.
 */
#ifndef VDMA_VIRTIO_DEV_H
#define VDMA_VIRTIO_DEV_H

#include <vdma/abi.h>
#include <vdma/types.h>
#include <vdma/virtio_pci.h>
#include <vdma/virtqueue.h>

/* Virtio 1.2, 2.1: device status */
#define VDMA_STATUS_ACKNOWLEDGE		0x01
#define VDMA_STATUS_DRIVER		0x02
#define VDMA_STATUS_DRIVER_OK		0x04
#define VDMA_STATUS_FEATURES_OK		0x08
#define VDMA_STATUS_NEEDS_RESET		0x40
#define VDMA_STATUS_FAILED		0x80

/* Virtio 1.2, 6: reserved feature bits, as masks */
#define VDMA_F_VERSION_1		VDMA_F(VDMA_F_VERSION_1_BIT)
#define VDMA_F_ACCESS_PLATFORM		VDMA_F(VDMA_F_ACCESS_PLATFORM_BIT)

/**
 * struct vdma_registers - access to the memory BARs of one function
 * @read: reads @size bytes (1, 2 or 4), little endian, at @offset of BAR @bar
 * @write: writes them; stores to memory before it are visible to the device first
 * @ctx: passed to both
 */
struct vdma_registers {
	uint32_t (*read)(void *ctx, uint8_t bar, uint64_t offset,
			 unsigned int size);
	void (*write)(void *ctx, uint8_t bar, uint64_t offset,
		      unsigned int size, uint32_t value);
	void *ctx;
};

/**
 * struct vdma_virtio - a virtio device
 * @regs: its registers
 * @clock: monotonic clock
 * @limit: time limit for a reset, in nanoseconds
 * @common: common configuration
 * @notify: notification registers
 * @isr: interrupt status
 * @config: device-specific configuration; length 0 if absent
 * @notify_multiplier: virtio 1.2, 4.1.4.4
 * @features: negotiated features
 */
struct vdma_virtio {
	struct vdma_registers regs;
	struct vdma_clock clock;
	uint64_t limit;
	struct vdma_region common;
	struct vdma_region notify;
	struct vdma_region isr;
	struct vdma_region config;
	uint32_t notify_multiplier;
	uint64_t features;
};

/**
 * struct vdma_doorbell - notification register of a queue
 * @dev: the device
 * @offset: in the notify region's BAR
 * @queue: number of the queue
 */
struct vdma_doorbell {
	struct vdma_virtio *dev;
	uint64_t offset;
	uint16_t queue;
};

/**
 * vdma_virtio_find() - find the registers of a virtio function
 * @dev: filled in, except for @features
 * @config: its configuration space
 * @regs: its registers; copied
 * @clock: monotonic clock; copied
 * @limit: time limit for a reset, in nanoseconds
 *
 * Return: VDMA_OK; VDMA_E_NO_COMMON_CFG for a legacy device; VDMA_E_BAD_CAPS if the list is
 * broken or lacks a structure.
 */
int vdma_virtio_find(struct vdma_virtio *dev,
		     const struct vdma_config_space *config,
		     const struct vdma_registers *regs,
		     const struct vdma_clock *clock, uint64_t limit);

/**
 * vdma_virtio_reset() - reset the device
 * @dev: the device
 *
 * Waits until the device has completed it (virtio 1.2, 4.1.4.3.2). Until then it may still
 * do DMA.
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT if it does not complete: memory that the device can reach
 * must not be reused.
 */
int vdma_virtio_reset(struct vdma_virtio *dev);

/**
 * vdma_virtio_begin() - reset the device and set ACKNOWLEDGE and DRIVER
 * @dev: the device
 * @offered: set to the features that it offers
 *
 * Return: VDMA_OK; or as vdma_virtio_reset().
 */
int vdma_virtio_begin(struct vdma_virtio *dev, uint64_t *offered);

/**
 * vdma_virtio_features() - negotiate features
 * @dev: the device, after vdma_virtio_begin()
 * @features: features that the driver accepts; must be offered and include VERSION_1
 *
 * Sets the status FAILED on an error.
 *
 * Return: VDMA_OK, and @dev->features is @features; VDMA_E_FEATURES.
 */
int vdma_virtio_features(struct vdma_virtio *dev, uint64_t features);

/**
 * vdma_virtio_queue_max() - maximum size of a queue
 * @dev: the device
 * @index: number of the queue
 *
 * Return: number of descriptors; 0 if there is no such queue.
 */
uint16_t vdma_virtio_queue_max(struct vdma_virtio *dev, uint16_t index);

/**
 * vdma_virtio_queue() - enable a queue
 * @dev: the device, after vdma_virtio_features()
 * @index: number of the queue
 * @vq: its ring, set up with vdma_virtio_notify() and @bell
 * @bell: filled in; must live as long as the ring
 *
 * Return: VDMA_OK; VDMA_E_NO_QUEUE if there is no such queue, if it is smaller than the ring
 * or already enabled, or if its notification register is outside of the region.
 */
int vdma_virtio_queue(struct vdma_virtio *dev, uint16_t index,
		      const struct vdma_vq *vq, struct vdma_doorbell *bell);

/**
 * vdma_virtio_notify() - notify the device; for struct vdma_vq_config
 * @ctx: a &struct vdma_doorbell
 * @value: next offset and wrap counter, unused
 */
void vdma_virtio_notify(void *ctx, uint16_t value);

/**
 * vdma_virtio_ready() - set DRIVER_OK
 * @dev: the device, with all queues enabled
 */
void vdma_virtio_ready(struct vdma_virtio *dev);

/**
 * vdma_virtio_check() - check the status of the device
 * @dev: the device
 *
 * Return: VDMA_OK; VDMA_E_NEEDS_RESET if it needs a reset (virtio 1.2, 2.1.2) or is gone.
 */
int vdma_virtio_check(struct vdma_virtio *dev);

/**
 * vdma_virtio_isr() - read and clear the interrupt status
 * @dev: the device
 *
 * Return: bit 0: a queue; bit 1: a configuration change (virtio 1.2, 4.1.4.5).
 */
uint8_t vdma_virtio_isr(struct vdma_virtio *dev);

/**
 * vdma_virtio_config() - read the device-specific configuration
 * @dev: the device
 * @offset: of the field
 * @size: of the field in bytes: 1, 2, 4 or 8
 *
 * Reads an 8-byte field again if the configuration generation changes during the read
 * (virtio 1.2, 4.1.4.3.1), up to 16 times.
 *
 * Return: its value; all ones if the field is outside of the configuration.
 */
uint64_t vdma_virtio_config(struct vdma_virtio *dev, uint32_t offset,
			    unsigned int size);

#endif /* VDMA_VIRTIO_DEV_H */
