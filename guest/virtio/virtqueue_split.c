// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The split format (virtio 1.2, 2.7): a table of descriptors, a ring of available buffers and
 * a ring of used ones
 */
#include "vq.h"

/* 2.7.6 and 2.7.8: flags */
#define AVAIL_NO_INTERRUPT	1
#define USED_NO_NOTIFY		1

/* 2.7.5 */
struct desc {
	struct vdma_le64 addr;
	struct vdma_le32 len;
	struct vdma_le16 flags;
	struct vdma_le16 next;
};

/* 2.7.6; the ring is followed by used_event */
struct avail {
	struct vdma_le16 flags;
	struct vdma_le16 idx;
	struct vdma_le16 ring[];
};

/* 2.7.8; the ring is followed by avail_event */
struct used_elem {
	struct vdma_le32 id;
	struct vdma_le32 len;
};

struct used {
	struct vdma_le16 flags;
	struct vdma_le16 idx;
	struct used_elem ring[];
};

static struct avail *split_avail(const struct vdma_vq *vq)
{
	return vq_at(vq, vq->driver_dma);
}

static struct used *split_used(const struct vdma_vq *vq)
{
	return vq_at(vq, vq->device_dma);
}

static struct vdma_le16 *split_used_event(const struct vdma_vq *vq)
{
	return &split_avail(vq)->ring[vq->config.num];
}

static struct vdma_le16 *split_avail_event(const struct vdma_vq *vq)
{
	return (struct vdma_le16 *)&split_used(vq)->ring[vq->config.num];
}

static size_t split_layout(uint16_t num, size_t *driver, size_t *device)
{
	size_t desc = (size_t)num * sizeof(struct desc);
	size_t avail = sizeof(struct avail) + (num + 1) * sizeof(uint16_t);
	size_t used = sizeof(struct used) + sizeof(uint16_t) +
		      num * sizeof(struct used_elem);

	*driver = vq_align(desc);
	*device = *driver + vq_align(avail);
	return *device + vq_align(used);
}

static void split_reset(struct vdma_vq *vq)
{
	vq->next_avail = 0;
	vq->last_used = 0;
	vq->published = 0;
}

static void split_write_desc(struct desc *desc, uint64_t addr, uint32_t len,
			     uint16_t flags, uint16_t next)
{
	vdma_le64_set(&desc->addr, addr);
	vdma_le32_set(&desc->len, len);
	vdma_le16_set(&desc->flags, flags);
	vdma_le16_set(&desc->next, next);
}

static void split_write_table(struct vdma_vq *vq, uint16_t head, uint16_t count)
{
	const struct vdma_vq_desc *desc = vq_table(vq, head);
	size_t offset = vq_table_offset(vq, head);
	struct desc *table = (void *)((char *)vq->tables.cpu + offset);
	struct desc *ring = vq_at(vq, vq->desc_dma);
	uint16_t i;

	for (i = 0; i < count; i++) {
		bool last = i + 1 == count;

		split_write_desc(&table[i], desc[i].dma, desc[i].len,
				 vq_write_flag(&desc[i]) |
					 (last ? 0 : VQ_DESC_NEXT),
				 last ? 0 : i + 1);
	}
	split_write_desc(&ring[head], vq->tables.dma + offset,
			 count * (uint32_t)sizeof(*table), VQ_DESC_INDIRECT, 0);
}

static void split_write_chain(struct vdma_vq *vq, uint16_t head, uint16_t count)
{
	struct desc *ring = vq_at(vq, vq->desc_dma);

	for (; count; count--) {
		const struct vdma_vq_desc *desc = &vq->desc_shadow[head];
		bool last = count == 1;

		split_write_desc(&ring[head], desc->dma, desc->len,
				 vq_write_flag(desc) |
					 (last ? 0 : VQ_DESC_NEXT),
				 last ? 0 : desc->next);
		head = desc->next;
	}
}

static void split_write(struct vdma_vq *vq, uint16_t head)
{
	const struct vdma_vq_buf *buf = &vq->bufs[head];
	uint16_t at = vq->next_avail & (vq->config.num - 1);

	if (buf->in_table)
		split_write_table(vq, head, buf->count);
	else
		split_write_chain(vq, head, buf->count);
	vdma_le16_set(&split_avail(vq)->ring[at], head);
	vq->next_avail++;
}

static bool split_publish(struct vdma_vq *vq)
{
	uint16_t old = vq->published;

	/* 2.7.13.3: descriptors and entries before the index */
	vdma_wmb();
	vdma_le16_set(&split_avail(vq)->idx, vq->next_avail);
	vq->published = vq->next_avail;
	/* 2.7.13.4.1: the index before the event suppression is read */
	vdma_mb();
	if (vq_has(vq, VDMA_F_EVENT_IDX))
		return vq_passed(vdma_le16_get(split_avail_event(vq)),
				 vq->published, old);
	return !(vdma_le16_get(&split_used(vq)->flags) & USED_NO_NOTIFY);
}

/* Sets @n to the number of unread used elements; an error if it exceeds in_flight. */
static int split_nr_used(const struct vdma_vq *vq, uint16_t *n)
{
	*n = vdma_le16_get(&split_used(vq)->idx) - vq->last_used;
	return *n <= vq->in_flight ? VDMA_OK : VDMA_E_USED_INDEX;
}

static int split_get_used(struct vdma_vq *vq, struct vq_used_elem *used)
{
	const struct used_elem *elem;
	uint16_t n;
	int error = split_nr_used(vq, &n);

	if (error || !n)
		return error;
	/* 2.7.14: the index before the entry */
	vdma_rmb();
	elem = &split_used(vq)->ring[vq->last_used & (vq->config.num - 1)];
	used->id = vdma_le32_get(&elem->id);
	used->len = vdma_le32_get(&elem->len);
	return 1;
}

static int split_consume(struct vdma_vq *vq, uint16_t n, uint16_t descs)
{
	uint16_t most;
	int error = split_nr_used(vq, &most);

	(void)descs;
	if (error)
		return error;
	/* A batch that ends past the used index was not used. */
	if (n > most)
		return VDMA_E_USED_INDEX;
	vq->last_used += n;
	return VDMA_OK;
}

/* 2.7.7.1: with EVENT_IDX the flag stays 0, and the event index is never reached. */
static void split_disable_cb(struct vdma_vq *vq)
{
	if (vq_has(vq, VDMA_F_EVENT_IDX))
		vdma_le16_set(split_used_event(vq), vq->last_used - 1);
	else
		vdma_le16_set(&split_avail(vq)->flags, AVAIL_NO_INTERRUPT);
}

static bool split_enable_cb(struct vdma_vq *vq)
{
	if (vq_has(vq, VDMA_F_EVENT_IDX))
		vdma_le16_set(split_used_event(vq), vq->last_used);
	else
		vdma_le16_set(&split_avail(vq)->flags, 0);
	/* Enable before the check: a buffer used later raises an interrupt. */
	vdma_mb();
	return vdma_le16_get(&split_used(vq)->idx) != vq->last_used;
}

static uint16_t split_position(const struct vdma_vq *vq)
{
	return vq->next_avail;
}

const struct vdma_vq_format vdma_vq_split = {
	.layout = split_layout,
	.reset = split_reset,
	.write = split_write,
	.publish = split_publish,
	.get_used = split_get_used,
	.consume = split_consume,
	.disable_cb = split_disable_cb,
	.enable_cb = split_enable_cb,
	.position = split_position,
};
