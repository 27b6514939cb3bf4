// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The modern PCI transport: reset, features, queues, notifications (virtio 1.2, 3.1.1 and
 * 4.1)
 */
#include <vdma/audit.h>
#include <vdma/error.h>
#include <vdma/virtio_dev.h>
#include "pci_regs.h"

static uint32_t virtio_read(struct vdma_virtio *dev, uint32_t reg,
			    unsigned int size)
{
	return dev->regs.read(dev->regs.ctx, dev->common.bar,
			      (uint64_t)dev->common.offset + reg, size);
}

static void virtio_write(struct vdma_virtio *dev, uint32_t reg,
			 unsigned int size, uint32_t value)
{
	dev->regs.write(dev->regs.ctx, dev->common.bar,
			(uint64_t)dev->common.offset + reg, size, value);
}

/* 4.1.3.1: a driver may write a field of 64 bits as two of 32. */
static void virtio_write64(struct vdma_virtio *dev, uint32_t reg,
			   uint64_t value)
{
	virtio_write(dev, reg, 4, (uint32_t)value);
	virtio_write(dev, reg + 4, 4, (uint32_t)(value >> 32));
}

static uint8_t virtio_status(struct vdma_virtio *dev)
{
	return (uint8_t)virtio_read(dev, COMMON_DEVICE_STATUS, 1);
}

static void virtio_add_status(struct vdma_virtio *dev, uint8_t bits)
{
	virtio_write(dev, COMMON_DEVICE_STATUS, 1, virtio_status(dev) | bits);
}

static int virtio_find_regions(struct vdma_virtio *dev,
			       const struct vdma_config_space *config)
{
	static const struct vdma_structure notify = {
		.type = VDMA_PCI_CFG_NOTIFY, .align = 2, .length = 2,
	};
	static const struct vdma_structure isr = {
		.type = VDMA_PCI_CFG_ISR, .align = 1, .length = 1,
	};
	static const struct vdma_structure device = {
		.type = VDMA_PCI_CFG_DEVICE, .align = 4, .length = 4,
	};
	uint8_t cap;
	int error;

	error = vdma_find_structure(config, &notify, &dev->notify, &cap);
	if (error)
		return VDMA_E_BAD_CAPS;
	if (cap > 0x100 - NOTIFY_CAP_SIZE)
		return VDMA_E_BAD_CAPS;
	dev->notify_multiplier = config->read32(config->ctx,
						cap + NOTIFY_CAP_MULTIPLIER);
	error = vdma_find_structure(config, &isr, &dev->isr, &cap);
	if (error)
		return VDMA_E_BAD_CAPS;
	error = vdma_find_structure(config, &device, &dev->config, &cap);
	if (error == VDMA_E_NOT_FOUND)
		dev->config = (struct vdma_region){ .length = 0 };
	else if (error)
		return error;
	return VDMA_OK;
}

int vdma_virtio_find(struct vdma_virtio *dev,
		     const struct vdma_config_space *config,
		     const struct vdma_registers *regs,
		     const struct vdma_clock *clock, uint64_t limit)
{
	int error;

	*dev = (struct vdma_virtio){ .regs = *regs, .clock = *clock,
				     .limit = limit };
	error = vdma_find_common_cfg(config, &dev->common);
	if (error)
		return error;
	return virtio_find_regions(dev, config);
}

int vdma_virtio_reset(struct vdma_virtio *dev)
{
	const struct vdma_clock *clock = &dev->clock;
	uint64_t start = clock->now(clock->ctx);
	bool late = false;

	virtio_write(dev, COMMON_DEVICE_STATUS, 1, 0);
	while (virtio_status(dev)) {
		if (late)
			return VDMA_E_TIMEOUT;
		if (clock->relax)
			clock->relax(clock->ctx);
		late = clock->now(clock->ctx) - start >= dev->limit;
	}
	dev->features = 0;
	return VDMA_OK;
}

static uint64_t virtio_offered(struct vdma_virtio *dev)
{
	uint64_t low, high;

	virtio_write(dev, COMMON_DEVICE_FEATURE_SELECT, 4, 0);
	low = virtio_read(dev, COMMON_DEVICE_FEATURE, 4);
	virtio_write(dev, COMMON_DEVICE_FEATURE_SELECT, 4, 1);
	high = virtio_read(dev, COMMON_DEVICE_FEATURE, 4);
	return high << 32 | low;
}

int vdma_virtio_begin(struct vdma_virtio *dev, uint64_t *features)
{
	int error = vdma_virtio_reset(dev);

	if (error)
		return error;
	virtio_add_status(dev, VDMA_STATUS_ACKNOWLEDGE);
	virtio_add_status(dev, VDMA_STATUS_DRIVER);
	*features = virtio_offered(dev);
	return VDMA_OK;
}

int vdma_virtio_features(struct vdma_virtio *dev, uint64_t features)
{
	/* 6.1: without VERSION_1 it is a legacy device, which is not supported */
	if (features & ~virtio_offered(dev) || !(features & VDMA_F_VERSION_1))
		goto refused;

	virtio_write(dev, COMMON_DRIVER_FEATURE_SELECT, 4, 0);
	virtio_write(dev, COMMON_DRIVER_FEATURE, 4, (uint32_t)features);
	virtio_write(dev, COMMON_DRIVER_FEATURE_SELECT, 4, 1);
	virtio_write(dev, COMMON_DRIVER_FEATURE, 4, (uint32_t)(features >> 32));
	virtio_add_status(dev, VDMA_STATUS_FEATURES_OK);
	/* 3.1.1: the device clears the bit if it does not agree */
	if (!(virtio_status(dev) & VDMA_STATUS_FEATURES_OK))
		goto refused;
	dev->features = features;
	return VDMA_OK;

refused:
	virtio_add_status(dev, VDMA_STATUS_FAILED);
	return VDMA_E_FEATURES;
}

uint16_t vdma_virtio_queue_max(struct vdma_virtio *dev, uint16_t index)
{
	virtio_write(dev, COMMON_QUEUE_SELECT, 2, index);
	return (uint16_t)virtio_read(dev, COMMON_QUEUE_SIZE, 2);
}

int vdma_virtio_queue(struct vdma_virtio *dev, uint16_t index,
		      const struct vdma_vq *vq, struct vdma_doorbell *bell)
{
	uint64_t offset;

	if (vdma_virtio_queue_max(dev, index) < vq->config.num ||
	    virtio_read(dev, COMMON_QUEUE_ENABLE, 2))
		return VDMA_E_NO_QUEUE;
	offset = (uint64_t)virtio_read(dev, COMMON_QUEUE_NOTIFY_OFF, 2) *
		 dev->notify_multiplier;
	if (offset + 2 > dev->notify.length)
		return VDMA_E_NO_QUEUE;
	*bell = (struct vdma_doorbell){
		.dev = dev,
		.offset = dev->notify.offset + offset,
		.queue = index,
	};
	vdma_audit_hook_check(vq->domain, vq->ring.dma, vq->ring.len,
			      VDMA_BIDIRECTIONAL, VDMA_HERE);
	virtio_write(dev, COMMON_QUEUE_SIZE, 2, vq->config.num);
	virtio_write64(dev, COMMON_QUEUE_DESC, vq->desc_dma);
	virtio_write64(dev, COMMON_QUEUE_DRIVER, vq->driver_dma);
	virtio_write64(dev, COMMON_QUEUE_DEVICE, vq->device_dma);
	virtio_write(dev, COMMON_QUEUE_ENABLE, 2, 1);
	return VDMA_OK;
}

void vdma_virtio_notify(void *ctx, uint16_t value)
{
	const struct vdma_doorbell *bell = ctx;
	struct vdma_virtio *dev = bell->dev;

	(void)value;
	dev->regs.write(dev->regs.ctx, dev->notify.bar, bell->offset, 2,
			bell->queue);
}

void vdma_virtio_ready(struct vdma_virtio *dev)
{
	virtio_add_status(dev, VDMA_STATUS_DRIVER_OK);
}

int vdma_virtio_check(struct vdma_virtio *dev)
{
	/* Reads from a device that is gone return all ones. */
	return virtio_status(dev) & VDMA_STATUS_NEEDS_RESET ? VDMA_E_NEEDS_RESET
							    : VDMA_OK;
}

uint8_t vdma_virtio_isr(struct vdma_virtio *dev)
{
	return (uint8_t)dev->regs.read(dev->regs.ctx, dev->isr.bar,
				       dev->isr.offset, 1);
}

uint64_t vdma_virtio_config(struct vdma_virtio *dev, uint32_t offset,
			    unsigned int size)
{
	const struct vdma_registers *r = &dev->regs;
	uint64_t at = (uint64_t)dev->config.offset + offset;
	uint8_t bar = dev->config.bar;
	uint8_t generation;
	unsigned int tries = 16;
	uint64_t value;

	if ((uint64_t)offset + size > dev->config.length)
		return ~(uint64_t)0;
	if (size < 8)
		return r->read(r->ctx, bar, at, size);
	do {
		generation = (uint8_t)virtio_read(dev, COMMON_CONFIG_GENERATION, 1);
		value = r->read(r->ctx, bar, at, 4);
		value |= (uint64_t)r->read(r->ctx, bar, at + 4, 4) << 32;
	} while (generation !=
			 (uint8_t)virtio_read(dev, COMMON_CONFIG_GENERATION, 1) &&
		 --tries);
	return value;
}
