/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A virtio device behind the modern PCI transport (virtio 1.2, 4.1), from
 * finding its registers to a running queue.
 *
 * The adapter has given the BARs addresses, and switched memory space and bus
 * mastering on. What follows is, in this order: vdma_virtio_find(),
 * vdma_virtio_begin(), vdma_virtio_features(), vdma_virtio_queue() for each
 * queue, vdma_virtio_ready(); the drivers of blk.h and net.h do all but the
 * first.
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
 * @read: reads @size bytes, 1, 2 or 4, little endian, at @offset in BAR @bar
 * @write: writes them; memory that was written before is visible to the device
 *	   before the register is
 * @ctx: handed to both
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
 * @limit: how long the device may take to reset, in nanoseconds
 * @common: common configuration
 * @notify: notification registers
 * @isr: interrupt status
 * @config: the device's own configuration; length 0 if it has none
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
 * struct vdma_doorbell - where a queue's notifications go
 * @dev: the device
 * @offset: in the notify region's BAR
 * @queue: the queue's number
 */
struct vdma_doorbell {
	struct vdma_virtio *dev;
	uint64_t offset;
	uint16_t queue;
};

/**
 * vdma_virtio_find() - find the registers of a virtio function
 * @dev: filled in, but for @features
 * @config: its configuration space
 * @regs: its registers; copied
 * @clock: monotonic clock; copied
 * @limit: how long the device may take to reset, in nanoseconds
 *
 * Return: VDMA_OK; VDMA_E_NO_COMMON_CFG for a legacy device; VDMA_E_BAD_CAPS
 * if the list is broken or a structure is missing.
 */
int vdma_virtio_find(struct vdma_virtio *dev,
		     const struct vdma_config_space *config,
		     const struct vdma_registers *regs,
		     const struct vdma_clock *clock, uint64_t limit);

/**
 * vdma_virtio_reset() - reset the device
 * @dev: the device
 *
 * Waits until the device says that it is done (virtio 1.2, 4.1.4.3.2). Until
 * then it may still do DMA.
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT if it does not get done: what it could reach
 * must stay its.
 */
int vdma_virtio_reset(struct vdma_virtio *dev);

/**
 * vdma_virtio_begin() - reset the device and say that a driver is here
 * @dev: the device
 * @offered: filled in with the features it offers
 *
 * Return: VDMA_OK; or as vdma_virtio_reset().
 */
int vdma_virtio_begin(struct vdma_virtio *dev, uint64_t *offered);

/**
 * vdma_virtio_features() - agree on features
 * @dev: the device, after vdma_virtio_begin()
 * @features: features that the driver accepts; a bit that is not offered is refused
 *
 * Sets the status FAILED when it comes to nothing.
 *
 * Return: VDMA_OK, and @dev->features is @features; VDMA_E_FEATURES.
 */
int vdma_virtio_features(struct vdma_virtio *dev, uint64_t features);

/**
 * vdma_virtio_queue_max() - the largest size that a queue can have
 * @dev: the device
 * @index: number of the queue
 *
 * Return: number of descriptors; 0 if there is no such queue.
 */
uint16_t vdma_virtio_queue_max(struct vdma_virtio *dev, uint16_t index);

/**
 * vdma_virtio_queue() - put a ring to work
 * @dev: the device, after vdma_virtio_features()
 * @index: number of the queue
 * @vq: its ring, made with vdma_virtio_notify() and @bell
 * @bell: filled in; must live as long as the ring
 *
 * Return: VDMA_OK; VDMA_E_NO_QUEUE if there is no such queue, it is too small
 * for the ring, in use already, or its notification lies outside of the BAR.
 */
int vdma_virtio_queue(struct vdma_virtio *dev, uint16_t index,
		      const struct vdma_vq *vq, struct vdma_doorbell *bell);

/**
 * vdma_virtio_notify() - ring the bell, for struct vdma_vq_config
 * @ctx: a &struct vdma_doorbell
 * @value: next offset and wrap counter, unused
 */
void vdma_virtio_notify(void *ctx, uint16_t value);

/**
 * vdma_virtio_ready() - let the device work
 * @dev: the device, all its queues set up
 */
void vdma_virtio_ready(struct vdma_virtio *dev);

/**
 * vdma_virtio_check() - is the device still well?
 * @dev: the device
 *
 * Return: VDMA_OK; VDMA_E_NEEDS_RESET if it is in an error that only a reset
 * ends (virtio 1.2, 2.1.2) or is no longer there.
 */
int vdma_virtio_check(struct vdma_virtio *dev);

/**
 * vdma_virtio_isr() - read and clear the interrupt status
 * @dev: the device
 *
 * Return: bit 0 a queue, bit 1 a configuration change (virtio 1.2, 4.1.4.5).
 */
uint8_t vdma_virtio_isr(struct vdma_virtio *dev);

/**
 * vdma_virtio_config() - read the device's own configuration
 * @dev: the device
 * @offset: of the field
 * @size: of the field in bytes: 1, 2, 4 or 8
 *
 * A field of 8 bytes is read again while the configuration generation changes
 * meanwhile (virtio 1.2, 4.1.4.3.1), 16 times at most.
 *
 * Return: its value; all ones if the configuration is not that long.
 */
uint64_t vdma_virtio_config(struct vdma_virtio *dev, uint32_t offset,
			    unsigned int size);

#endif /* VDMA_VIRTIO_DEV_H */
