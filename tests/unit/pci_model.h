/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A virtio function with the modern PCI transport, for unit tests: its capabilities and
 * registers (virtio 1.2, 4.1), strict about the order of initialization (3.1.1) and the
 * width of each access (4.1.3.1). It can refuse features. The reference device of
 * vq_model.h serves its queues.
 */
#ifndef PCI_MODEL_H
#define PCI_MODEL_H

#include "vq_model.h"

#include <vdma/virtio_dev.h>

#define PCI_QUEUES	3
#define PCI_BAR		4
#define PCI_ISR		0x1000
#define PCI_DEVICE	0x2000
#define PCI_NOTIFY	0x3000
#define PCI_MULTIPLIER	4

struct pci_queue {
	uint16_t max, num, notify_off;
	bool enabled;
	uint64_t area[3];
	struct dev d;
};

struct pci {
	struct model *m;
	uint8_t space[256];
	uint8_t config[64];
	uint8_t generation;
	uint64_t offered, driver;
	uint32_t device_select, driver_select;
	uint16_t select;
	uint8_t status, isr;
	struct pci_queue queue[PCI_QUEUES];
	unsigned int queues;
	uint64_t now;
	/* behaviour */
	bool refuses, gone, changes_once;
	unsigned int reset_reads;
	/* counters */
	unsigned int resets, bells;
};

static inline void pci_cap(struct pci *p, uint8_t at, uint8_t next,
			   uint8_t type, uint32_t offset, uint32_t length)
{
	const uint8_t cap[16] = {
		0x09, next, 16, type, PCI_BAR, 0, 0, 0,
		(uint8_t)offset, (uint8_t)(offset >> 8), 0, 0,
		(uint8_t)length, (uint8_t)(length >> 8), 0, 0,
	};

	memcpy(&p->space[at], cap, sizeof(cap));
}

static inline struct pci *pci_new(struct model *m, uint64_t offered,
				  unsigned int queues, uint16_t max)
{
	struct pci *p = calloc(1, sizeof(*p));
	unsigned int i;

	assert_non_null(p);
	p->m = m;
	p->offered = offered;
	p->queues = queues;
	for (i = 0; i < queues; i++) {
		p->queue[i].max = max;
		p->queue[i].notify_off = (uint16_t)(2 * i);
	}
	p->space[0x06] = 0x10;
	p->space[0x34] = 0x40;
	pci_cap(p, 0x40, 0x50, 1, 0, 0x38);
	pci_cap(p, 0x50, 0x60, 3, PCI_ISR, 1);
	pci_cap(p, 0x60, 0x70, 4, PCI_DEVICE, sizeof(p->config));
	pci_cap(p, 0x70, 0, 2, PCI_NOTIFY, 0x100);
	p->space[0x80] = PCI_MULTIPLIER;
	return p;
}

static inline uint8_t pci_read8(void *ctx, uint8_t offset)
{
	return ((struct pci *)ctx)->space[offset];
}

static inline uint32_t pci_read32(void *ctx, uint8_t offset)
{
	const uint8_t *b = &((struct pci *)ctx)->space[offset];

	assert_int_equal(offset & 3, 0);
	return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline void pci_do_reset(struct pci *p)
{
	unsigned int i;

	p->resets++;
	p->driver = 0;
	for (i = 0; i < p->queues; i++) {
		struct pci_queue *q = &p->queue[i];

		dev_drop(&q->d);
		q->enabled = false;
		q->num = q->max;
		memset(q->area, 0, sizeof(q->area));
	}
}

static inline uint8_t pci_status(struct pci *p)
{
	if (p->gone)
		return 0xff;
	if (p->status || !p->reset_reads)
		return p->status;
	/* the reset is not yet done */
	p->reset_reads--;
	return 0x0f;
}

static inline struct pci_queue *pci_selected(struct pci *p)
{
	return p->select < p->queues ? &p->queue[p->select] : NULL;
}

static inline uint32_t pci_common_read(struct pci *p, uint64_t at,
				       unsigned int size)
{
	const struct pci_queue *q = pci_selected(p);

	switch (at) {
	case 0x04:
		assert_int_equal(size, 4);
		return (uint32_t)(p->offered >> 32 * p->device_select);
	case 0x14:
		assert_int_equal(size, 1);
		return pci_status(p);
	case 0x15:
		assert_int_equal(size, 1);
		return p->generation;
	case 0x18:
		assert_int_equal(size, 2);
		return q ? q->num : 0;
	case 0x1c:
		assert_int_equal(size, 2);
		return q && q->enabled;
	case 0x1e:
		assert_int_equal(size, 2);
		return q ? q->notify_off : 0;
	default:
		fail_msg("read at 0x%llx", (unsigned long long)at);
		return 0;
	}
}

static inline void pci_write_status(struct pci *p, uint8_t value)
{
	if (!value) {
		p->status = 0;
		pci_do_reset(p);
		return;
	}
	/* 2.1.1: a driver clears no bit */
	assert_int_equal(value & p->status, p->status);
	/* 3.1.1: DRIVER before FEATURES_OK */
	assert_true(!(value & 8) || value & 2);
	assert_true(!(value & 4) || value & 8);
	if (value & 8 && !(p->status & 8) &&
	    (p->refuses || p->driver & ~p->offered))
		value &= ~8;
	p->status = value;
}

static inline void pci_enable(struct pci *p, struct pci_queue *q)
{
	struct vdma_vq vq = {
		.config = { .num = q->num, .features = p->driver },
		.desc_dma = q->area[0], .driver_dma = q->area[1],
		.device_dma = q->area[2],
	};

	assert_true(q->num && q->num <= q->max);
	dev_init(&q->d, p->m, &vq);
	q->enabled = true;
}

static inline void pci_write_queue(struct pci *p, uint64_t at,
				   unsigned int size, uint32_t value)
{
	struct pci_queue *q = pci_selected(p);
	uint64_t *area;

	assert_non_null(q);
	/* 3.1.1: queues come between FEATURES_OK and DRIVER_OK */
	assert_int_equal(p->status & 0x0c, 0x08);
	assert_false(q->enabled);
	if (at == 0x18) {
		assert_int_equal(size, 2);
		q->num = (uint16_t)value;
	} else if (at == 0x1c) {
		assert_int_equal(size, 2);
		assert_int_equal(value, 1);
		pci_enable(p, q);
	} else {
		assert_true(at >= 0x20 && at < 0x38);
		assert_int_equal(size, 4);
		area = &q->area[(at - 0x20) / 8];
		*area = at & 4 ? (uint32_t)*area | (uint64_t)value << 32 :
				 (*area >> 32 << 32) | value;
	}
}

static inline void pci_common_write(struct pci *p, uint64_t at,
				    unsigned int size, uint32_t value)
{
	uint64_t word;

	switch (at) {
	case 0x00:
		p->device_select = value;
		break;
	case 0x08:
		p->driver_select = value;
		break;
	case 0x0c:
		/* 2.2.1: not after FEATURES_OK */
		assert_false(p->status & 8);
		word = 0xffffffffull << 32 * p->driver_select;
		p->driver = (p->driver & ~word) |
			    (uint64_t)value << 32 * p->driver_select;
		break;
	case 0x14:
		assert_int_equal(size, 1);
		pci_write_status(p, (uint8_t)value);
		break;
	case 0x16:
		assert_int_equal(size, 2);
		p->select = (uint16_t)value;
		break;
	default:
		pci_write_queue(p, at, size, value);
	}
}

static inline uint32_t pci_read(void *ctx, uint8_t bar, uint64_t offset,
				unsigned int size)
{
	struct pci *p = ctx;
	uint32_t value = 0;

	assert_int_equal(bar, PCI_BAR);
	if (offset < 0x38)
		return pci_common_read(p, offset, size);
	if (offset == PCI_ISR) {
		value = p->isr;
		p->isr = 0;
		return value;
	}
	assert_true(offset >= PCI_DEVICE);
	assert_true(offset - PCI_DEVICE + size <= sizeof(p->config));
	memcpy(&value, &p->config[offset - PCI_DEVICE], size);
	if (p->changes_once) {
		/* between the two halves of a field */
		p->changes_once = false;
		p->generation++;
		memset(&p->config[0], 0x22, 8);
	}
	return value;
}

static inline void pci_write(void *ctx, uint8_t bar, uint64_t offset,
			     unsigned int size, uint32_t value)
{
	struct pci *p = ctx;
	struct pci_queue *q;

	assert_int_equal(bar, PCI_BAR);
	if (offset < 0x38) {
		pci_common_write(p, offset, size, value);
		return;
	}
	assert_int_equal(size, 2);
	assert_true(value < p->queues);
	q = &p->queue[value];
	assert_int_equal(offset, PCI_NOTIFY + q->notify_off * PCI_MULTIPLIER);
	/* 3.1.1: no notification before DRIVER_OK */
	assert_true(p->status & 4);
	p->bells++;
}

static inline uint64_t pci_now(void *ctx)
{
	return ((struct pci *)ctx)->now++;
}

static inline int pci_find(struct pci *p, struct vdma_virtio *dev)
{
	const struct vdma_config_space config = { pci_read8, pci_read32, p };
	const struct vdma_registers regs = { pci_read, pci_write, p };
	const struct vdma_clock clock = { pci_now, NULL, p };

	return vdma_virtio_find(dev, &config, &regs, &clock, 1000);
}

static inline void pci_free(struct pci *p)
{
	pci_do_reset(p);
	free(p);
}

#endif /* PCI_MODEL_H */
