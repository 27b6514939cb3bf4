/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A reference device: the device's side of a virtqueue, split and packed, written from
 * virtio 1.2, 2.7 and 2.8 alone. Anything that the specification forbids the driver fails
 * the test.
 */
#ifndef VQ_MODEL_H
#define VQ_MODEL_H

#include "dma_model.h"

#include <vdma/virtqueue.h>

#define DEV_MAX		256

/* A segment of a buffer, as the device has read it */
struct dev_seg {
	uint64_t addr;
	uint32_t len;
	bool writable;
};

/* A buffer that the device holds. @descs: number of its descriptors in the ring */
struct dev_buf {
	uint16_t id;
	uint16_t descs;
	unsigned int count;
	uint32_t room;
	struct dev_seg seg[DEV_MAX];
};

struct dev {
	struct model *m;
	uint64_t features;
	uint16_t num;
	uint64_t desc, driver, device;
	/* split: counters; packed: positions */
	uint16_t avail_at, used_at;
	bool avail_wrap, used_wrap;
	/* whether the device has asked for notifications */
	bool wants;
	unsigned int notified;
	struct dev_buf *held[DEV_MAX];
	unsigned int held_count;
	bool holds[65536];
};

static inline bool dev_is_packed(const struct dev *d)
{
	return d->features & VDMA_F_RING_PACKED;
}

static inline uint16_t le16_at(struct dev *d, uint64_t addr)
{
	unsigned char *p = model_access(d->m, addr, 2, VDMA_TO_DEVICE);

	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32_at(struct dev *d, uint64_t addr)
{
	return le16_at(d, addr) | (uint32_t)le16_at(d, addr + 2) << 16;
}

static inline uint64_t le64_at(struct dev *d, uint64_t addr)
{
	return le32_at(d, addr) | (uint64_t)le32_at(d, addr + 4) << 32;
}

static inline void put_le(struct dev *d, uint64_t addr, unsigned int bytes,
			  uint64_t value)
{
	unsigned char *p = model_access(d->m, addr, bytes, VDMA_FROM_DEVICE);

	for (; bytes; bytes--, value >>= 8)
		*p++ = (unsigned char)value;
}

/* 2.7.4.2: segments that are read come before those that are written */
static inline void dev_add_seg(struct dev_buf *b, uint64_t addr, uint32_t len,
			       bool writable)
{
	assert_true(b->count < DEV_MAX);
	assert_true(len > 0);
	assert_true(writable || !b->count || !b->seg[b->count - 1].writable);
	b->seg[b->count++] = (struct dev_seg){ addr, len, writable };
	if (writable)
		b->room += len;
}

static inline struct dev_buf *dev_new_buf(struct dev *d, uint16_t id)
{
	struct dev_buf *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_true(id < d->num);
	assert_false(d->holds[id]);
	d->holds[id] = true;
	b->id = id;
	return b;
}

static inline struct dev_buf *dev_hold(struct dev *d, struct dev_buf *b)
{
	assert_true(b->count > 0);
	assert_true(b->count <= d->num);
	assert_true(d->held_count < DEV_MAX);
	d->held[d->held_count++] = b;
	return b;
}

/* 2.7.5.3 and 2.8.7: an indirect table */
static inline void dev_read_table(struct dev *d, struct dev_buf *b,
				  uint64_t addr, uint32_t len)
{
	bool packed = dev_is_packed(d);
	uint32_t n = len / 16, i, at;

	assert_true(d->features & VDMA_F_INDIRECT_DESC);
	assert_int_equal(len % 16, 0);
	assert_true(n >= 1 && n <= d->num);
	model_access(d->m, addr, len, VDMA_TO_DEVICE);
	for (at = i = 0; i < n; i++) {
		uint64_t desc = addr + 16 * at;
		uint16_t flags = le16_at(d, desc + (packed ? 14 : 12));

		assert_true(!(flags & (packed ? ~2 : ~3)));
		dev_add_seg(b, le64_at(d, desc), le32_at(d, desc + 8),
			    flags & 2);
		if (packed) {
			at++;
			continue;
		}
		assert_int_equal(!(flags & 1), i == n - 1);
		at = le16_at(d, desc + 14);
		assert_true(at < n);
	}
}

static inline bool dev_split_has(struct dev *d)
{
	return le16_at(d, d->driver + 2) != d->avail_at;
}

static inline struct dev_buf *dev_split_fetch(struct dev *d)
{
	uint16_t avail = le16_at(d, d->driver + 2) - d->avail_at;
	struct dev_buf *b;
	uint16_t at, flags;

	/* no more are available than the ring holds */
	assert_true(avail <= d->num);
	if (!avail)
		return NULL;
	at = le16_at(d, d->driver + 4 + 2 * (d->avail_at % d->num));
	d->avail_at++;
	b = dev_new_buf(d, at);
	do {
		uint64_t desc = d->desc + 16 * (uint64_t)at;

		assert_true(at < d->num);
		flags = le16_at(d, desc + 12);
		assert_false(flags & ~7);
		if (flags & 4) {
			assert_int_equal(flags, 4);
			dev_read_table(d, b, le64_at(d, desc),
				       le32_at(d, desc + 8));
		} else {
			dev_add_seg(b, le64_at(d, desc), le32_at(d, desc + 8),
				    flags & 2);
		}
		b->descs++;
		assert_true(b->descs <= d->num);
		at = le16_at(d, desc + 14);
	} while (flags & 1);
	return dev_hold(d, b);
}

static inline bool dev_packed_has(struct dev *d)
{
	uint16_t flags = le16_at(d, d->desc + 16 * (uint64_t)d->avail_at + 14);

	return !(flags & 0x80) != d->avail_wrap &&
	       !(flags & 0x8000) == d->avail_wrap;
}

static inline struct dev_buf *dev_packed_fetch(struct dev *d)
{
	struct dev_buf *b = NULL;
	uint16_t flags = 0, id = 0;
	unsigned int n = 0;
	struct dev_buf pieces = { .count = 0 };

	if (!dev_packed_has(d))
		return NULL;
	do {
		uint64_t desc = d->desc + 16 * (uint64_t)d->avail_at;

		/* 2.8.21.1: a chain becomes available as a whole */
		assert_true(dev_packed_has(d));
		flags = le16_at(d, desc + 14) & ~0x8080;
		assert_false(flags & ~7);
		id = le16_at(d, desc + 12);
		if (flags & 4) {
			assert_int_equal(flags, 4);
			dev_read_table(d, &pieces, le64_at(d, desc),
				       le32_at(d, desc + 8));
		} else {
			dev_add_seg(&pieces, le64_at(d, desc),
				    le32_at(d, desc + 8), flags & 2);
		}
		assert_true(++n <= d->num);
		if (++d->avail_at == d->num) {
			d->avail_at = 0;
			d->avail_wrap = !d->avail_wrap;
		}
	} while (flags & 1);
	/* 2.8.6: the last descriptor has the identifier */
	b = dev_new_buf(d, id);
	pieces.id = id;
	pieces.descs = (uint16_t)n;
	*b = pieces;
	return dev_hold(d, b);
}

static inline bool dev_has(struct dev *d)
{
	return dev_is_packed(d) ? dev_packed_has(d) : dev_split_has(d);
}

/* Takes the next available buffer; NULL if there is no such buffer. */
static inline struct dev_buf *dev_fetch(struct dev *d)
{
	return dev_is_packed(d) ? dev_packed_fetch(d) : dev_split_fetch(d);
}

/* Does the driver want an interrupt for the used entries [old, now)? */
static inline bool dev_interrupts(struct dev *d, uint16_t old, bool old_wrap,
				  uint16_t n)
{
	uint16_t i;

	if (!dev_is_packed(d)) {
		uint16_t event = le16_at(d, d->driver + 4 + 2 * d->num);

		if (!(d->features & VDMA_F_EVENT_IDX))
			return !(le16_at(d, d->driver) & 1);
		assert_int_equal(le16_at(d, d->driver), 0);
		for (i = 0; i < n; i++)
			if ((uint16_t)(old + i) == event)
				return true;
		return false;
	}
	switch (le16_at(d, d->driver + 2)) {
	case 0:
		return true;
	case 1:
		return false;
	case 2:
		assert_true(d->features & VDMA_F_EVENT_IDX);
		for (i = 0; i < n; i++) {
			uint16_t want = le16_at(d, d->driver);

			if (want == (old | (old_wrap ? 0x8000 : 0)))
				return true;
			if (++old == d->num) {
				old = 0;
				old_wrap = !old_wrap;
			}
		}
		return false;
	default:
		fail_msg("the driver wrote reserved event flags");
		return false;
	}
}

/* Writes a used element for @n buffers with @descs descriptors. */
static inline void dev_write_used(struct dev *d, uint32_t id, uint32_t len,
				  bool wrote, uint16_t n, uint16_t descs)
{
	uint64_t at;

	if (!dev_is_packed(d)) {
		at = d->device + 4 + 8 * (uint64_t)(d->used_at % d->num);
		put_le(d, at, 4, id);
		put_le(d, at + 4, 4, len);
		d->used_at += n;
		put_le(d, d->device + 2, 2, d->used_at);
		return;
	}
	at = d->desc + 16 * (uint64_t)d->used_at;
	put_le(d, at + 8, 4, len);
	put_le(d, at + 12, 2, id);
	put_le(d, at + 14, 2, (d->used_wrap ? 0x8080 : 0) | (wrote ? 2 : 0));
	d->used_at += descs;
	if (d->used_at >= d->num) {
		d->used_at -= d->num;
		d->used_wrap = !d->used_wrap;
	}
}

/*
 * Returns buffers @first to @first + @n - 1 of those held, by naming the last one. More
 * than one requires IN_ORDER and @first to be 0. Returns whether the driver wants an
 * interrupt.
 */
static inline bool dev_complete(struct dev *d, unsigned int first,
				unsigned int n, uint32_t len)
{
	struct dev_buf *last = d->held[first + n - 1];
	uint32_t id = last->id;
	bool wrote = last->room;
	uint16_t old = d->used_at;
	bool old_wrap = d->used_wrap;
	uint16_t descs = 0;
	unsigned int i;

	for (i = first; i < first + n; i++) {
		descs += d->held[i]->descs;
		d->holds[d->held[i]->id] = false;
		free(d->held[i]);
	}
	d->held_count -= n;
	for (i = first; i < d->held_count; i++)
		d->held[i] = d->held[i + n];
	dev_write_used(d, id, len, wrote, (uint16_t)n, descs);
	return dev_interrupts(d, old, old_wrap,
			      dev_is_packed(d) ? descs : (uint16_t)n);
}

/* Asks for a notification with the next buffer, or for no notifications. */
static inline void dev_ask(struct dev *d, bool wants)
{
	bool event = d->features & VDMA_F_EVENT_IDX;

	d->wants = wants;
	if (dev_is_packed(d)) {
		if (event && wants)
			put_le(d, d->device, 2, d->avail_at |
			       (d->avail_wrap ? 0x8000 : 0));
		put_le(d, d->device + 2, 2, !wants ? 1 : event ? 2 : 0);
	} else if (event) {
		put_le(d, d->device + 4 + 8 * (uint64_t)d->num, 2,
		       wants ? d->avail_at : d->avail_at - 1);
	} else {
		put_le(d, d->device, 2, !wants);
	}
}

static inline void dev_notify(void *ctx, uint16_t value)
{
	struct dev *d = ctx;

	(void)value;
	d->notified++;
}

static inline void dev_init(struct dev *d, struct model *m,
			    const struct vdma_vq *vq)
{
	*d = (struct dev){
		.m = m, .features = vq->config.features, .num = vq->config.num,
		.desc = vq->desc_dma, .driver = vq->driver_dma,
		.device = vq->device_dma, .avail_wrap = true, .used_wrap = true,
		.wants = true,
	};
	assert_int_equal(d->desc % 16, 0);
	assert_int_equal(d->driver % 4, 0);
	assert_int_equal(d->device % 4, 0);
}

/* Drops the buffers that the device holds, as a reset does. */
static inline void dev_drop(struct dev *d)
{
	while (d->held_count)
		free(d->held[--d->held_count]);
	memset(d->holds, 0, sizeof(d->holds));
}

#endif /* VQ_MODEL_H */
