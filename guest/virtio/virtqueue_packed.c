// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The packed format (virtio 1.2, 2.8): one ring of descriptors, which the driver makes
 * available and the device overwrites with used ones
 */
#include "vq.h"

/* 2.8.13: flags of a descriptor, in addition to those of vq.h */
#define DESC_AVAIL		0x0080
#define DESC_USED		0x8000

/* 2.8.14: event suppression; le16 offset and wrap counter, le16 flags */
#define EVENT_ENABLE		0
#define EVENT_DISABLE		1
#define EVENT_DESC		2
#define EVENT_FLAGS_MASK	3
#define EVENT_WRAP		0x8000

struct desc {
	struct vdma_le64 addr;
	struct vdma_le32 len;
	struct vdma_le16 id;
	struct vdma_le16 flags;
};

struct event {
	struct vdma_le16 off_wrap;
	struct vdma_le16 flags;
};

static struct desc *packed_ring(const struct vdma_vq *vq)
{
	return vq_at(vq, vq->desc_dma);
}

static struct event *packed_driver_event(const struct vdma_vq *vq)
{
	return vq_at(vq, vq->driver_dma);
}

static struct event *packed_device_event(const struct vdma_vq *vq)
{
	return vq_at(vq, vq->device_dma);
}

static size_t packed_layout(uint16_t num, size_t *driver, size_t *device)
{
	*driver = vq_align((size_t)num * sizeof(struct desc));
	*device = *driver + vq_align(sizeof(struct event));
	return *device + vq_align(sizeof(struct event));
}

static void packed_reset(struct vdma_vq *vq)
{
	vq->next_avail = 0;
	vq->last_used = 0;
	vq->published = 0;
	/* 2.8.1: both counters start as 1 */
	vq->avail_wrap = true;
	vq->used_wrap = true;
}

static uint16_t packed_avail_flags(const struct vdma_vq *vq)
{
	return vq->avail_wrap ? DESC_AVAIL : DESC_USED;
}

static void packed_write_body(struct desc *desc, uint64_t addr, uint32_t len,
			      uint16_t id)
{
	vdma_le64_set(&desc->addr, addr);
	vdma_le32_set(&desc->len, len);
	vdma_le16_set(&desc->id, id);
}

/*
 * Writes a descriptor. The flags of the first one since the last publish are held back:
 * until they are written, the device sees none of these descriptors.
 */
static void packed_push(struct vdma_vq *vq, uint64_t addr, uint32_t len,
			uint16_t id, uint16_t flags)
{
	struct desc *desc = &packed_ring(vq)[vq->next_avail];

	packed_write_body(desc, addr, len, id);
	flags |= packed_avail_flags(vq);
	if (!vq->published++) {
		vq->first_at = vq->next_avail;
		vq->first_flags = flags;
	} else {
		vdma_le16_set(&desc->flags, flags);
	}
	if (++vq->next_avail == vq->config.num) {
		vq->next_avail = 0;
		vq->avail_wrap = !vq->avail_wrap;
	}
}

/* 2.8.7: a table's entries are in order; of their flags only WRITE matters. */
static void packed_write_table(struct vdma_vq *vq, uint16_t head,
			       uint16_t count)
{
	const struct vdma_vq_desc *desc = vq_table(vq, head);
	size_t offset = vq_table_offset(vq, head);
	struct desc *table = (void *)((char *)vq->tables.cpu + offset);
	uint16_t i;

	for (i = 0; i < count; i++) {
		packed_write_body(&table[i], desc[i].dma, desc[i].len, 0);
		vdma_le16_set(&table[i].flags, vq_write_flag(&desc[i]));
	}
	packed_push(vq, vq->tables.dma + offset,
		    count * (uint32_t)sizeof(*table), head, VQ_DESC_INDIRECT);
}

static void packed_write(struct vdma_vq *vq, uint16_t head)
{
	const struct vdma_vq_buf *buf = &vq->bufs[head];
	const struct vdma_vq_desc *desc = &vq->desc_shadow[head];
	uint16_t left;

	if (buf->in_table) {
		packed_write_table(vq, head, buf->count);
		return;
	}
	for (left = buf->count; left; left--) {
		packed_push(vq, desc->dma, desc->len, head,
			    vq_write_flag(desc) |
				    (left > 1 ? VQ_DESC_NEXT : 0));
		desc = &vq->desc_shadow[desc->next];
	}
}

static bool packed_publish(struct vdma_vq *vq)
{
	uint16_t old = vq->next_avail - vq->published;
	uint16_t off_wrap, event, flags;

	/* 2.8.21.1: all other fields before the flags that make them available */
	vdma_wmb();
	vdma_le16_set(&packed_ring(vq)[vq->first_at].flags, vq->first_flags);
	vq->published = 0;
	/* 2.8.21.3.1: the flags before the event suppression is read */
	vdma_mb();
	flags = vdma_le16_get(&packed_device_event(vq)->flags) &
		EVENT_FLAGS_MASK;
	if (flags != EVENT_DESC || !vq_has(vq, VDMA_F_EVENT_IDX))
		return flags != EVENT_DISABLE;
	/* 2.8.14: a device writes the offset before the flags */
	vdma_rmb();
	off_wrap = vdma_le16_get(&packed_device_event(vq)->off_wrap);
	event = off_wrap & ~EVENT_WRAP;
	if (!(off_wrap & EVENT_WRAP) == vq->avail_wrap)
		event -= vq->config.num;
	return vq_passed(event, vq->next_avail, old);
}

static bool packed_is_used(const struct vdma_vq *vq, uint16_t flags)
{
	bool avail = flags & DESC_AVAIL;
	bool used = flags & DESC_USED;

	return avail == used && used == vq->used_wrap;
}

static int packed_get_used(struct vdma_vq *vq, struct vq_used_elem *used)
{
	const struct desc *desc = &packed_ring(vq)[vq->last_used];
	uint16_t flags = vdma_le16_get(&desc->flags);

	if (!packed_is_used(vq, flags))
		return 0;
	/* 2.8.22: the flags before the rest */
	vdma_rmb();
	used->id = vdma_le16_get(&desc->id);
	/*
	 * 2.8.13 reserves the length without WRITE. But QEMU never sets WRITE in used
	 * descriptors, so the caller checks whether the buffer is writable at all.
	 */
	used->len = vdma_le32_get(&desc->len);
	return 1;
}

static int packed_consume(struct vdma_vq *vq, uint16_t n, uint16_t descs)
{
	uint32_t at = (uint32_t)vq->last_used + descs;

	(void)n;
	if (at >= vq->config.num) {
		at -= vq->config.num;
		vq->used_wrap = !vq->used_wrap;
	}
	vq->last_used = (uint16_t)at;
	return VDMA_OK;
}

static void packed_disable_cb(struct vdma_vq *vq)
{
	vdma_le16_set(&packed_driver_event(vq)->flags, EVENT_DISABLE);
}

static bool packed_enable_cb(struct vdma_vq *vq)
{
	struct event *event = packed_driver_event(vq);
	uint16_t flags;

	if (vq_has(vq, VDMA_F_EVENT_IDX)) {
		vdma_le16_set(&event->off_wrap, vq->last_used |
			      (vq->used_wrap ? EVENT_WRAP : 0));
		/* The offset before the flags that refer to it */
		vdma_wmb();
		vdma_le16_set(&event->flags, EVENT_DESC);
	} else {
		vdma_le16_set(&event->flags, EVENT_ENABLE);
	}
	/* Enable before the check: a buffer used later raises an interrupt. */
	vdma_mb();
	flags = vdma_le16_get(&packed_ring(vq)[vq->last_used].flags);
	return packed_is_used(vq, flags);
}

static uint16_t packed_position(const struct vdma_vq *vq)
{
	return vq->next_avail | (vq->avail_wrap ? EVENT_WRAP : 0);
}

const struct vdma_vq_format vdma_vq_packed = {
	.layout = packed_layout,
	.reset = packed_reset,
	.write = packed_write,
	.publish = packed_publish,
	.get_used = packed_get_used,
	.consume = packed_consume,
	.disable_cb = packed_disable_cb,
	.enable_cb = packed_enable_cb,
	.position = packed_position,
};
