/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Between virtqueue.c, which keeps the books of a ring, and the two files that
 * know what a ring looks like in memory.
 */
#ifndef VDMA_VQ_H
#define VDMA_VQ_H

#include <vdma/barrier.h>
#include <vdma/error.h>
#include <vdma/virtqueue.h>

/* Virtio 1.2, 2.7.5 and 2.8.13: descriptor flags, the same in both formats */
#define VQ_DESC_NEXT		0x01
#define VQ_DESC_WRITE		0x02
#define VQ_DESC_INDIRECT	0x04
/* 2.7.5 and 2.8.13: a descriptor of either format */
#define VQ_DESC_SIZE		16

/* Areas that different sides write don't share a cache line of POWER's. */
#define VQ_AREA_ALIGN		128

#define VQ_NONE			0xffff

/*
 * One descriptor as the driver remembers it. In a ring, the pieces of a buffer
 * are chained by @next, as are the free ones; in a table they stand in a row.
 */
struct vdma_vq_piece {
	uint64_t dma;
	uint32_t len;
	uint16_t next;
	uint8_t dir;
	bool mine;
};

enum vq_state {
	VQ_FREE,
	VQ_ADDED,
	VQ_SHOWN,
};

/*
 * A buffer; its number, that of its first piece, is what the device gets to
 * know it by. @room: bytes that the device may write; @next: the one added
 * after it.
 */
struct vdma_vq_slot {
	void *token;
	uint32_t room;
	uint16_t count;
	uint16_t descs;
	uint16_t next;
	uint8_t state;
	bool in_table;
};

/* What the device said. */
struct vq_answer {
	uint32_t id;
	uint32_t len;
};

/*
 * @layout: sets the offsets of the driver's and the device's area; returns the
 *	    whole size. Pure.
 * @reset: starts over, in zeroed memory
 * @write: enters a buffer, so that @show makes it visible
 * @show: makes it so; returns whether the device wants to be told
 * @answer: 1 and what the device said next, 0, or an error
 * @consume: moves on behind @n used buffers that take @descs descriptors
 */
struct vdma_vq_format {
	size_t (*layout)(uint16_t num, size_t *driver, size_t *device);
	void (*reset)(struct vdma_vq *vq);
	void (*write)(struct vdma_vq *vq, uint16_t head);
	bool (*show)(struct vdma_vq *vq);
	int (*answer)(struct vdma_vq *vq, struct vq_answer *answer);
	int (*consume)(struct vdma_vq *vq, uint16_t n, uint16_t descs);
	void (*quiet)(struct vdma_vq *vq);
	bool (*listen)(struct vdma_vq *vq);
	uint16_t (*position)(const struct vdma_vq *vq);
};

/*
 * Maps the pieces of buffer @head and fills in its room; its count and in_table
 * are set. Leaves nothing mapped on an error.
 */
int vdma_vq_map_pieces(struct vdma_vq *vq, uint16_t head,
		       const struct vdma_sg *sg, unsigned int out,
		       const char *where);

/*
 * Takes the first @n pieces of a buffer back from the device. One whose unmap
 * fails stays the ring's, to be tried again by vdma_vq_detach().
 */
int vdma_vq_unmap_pieces(struct vdma_vq *vq, uint16_t head, uint16_t n);

/* The last of a buffer's descriptors in the ring. */
uint16_t vdma_vq_last_desc(const struct vdma_vq *vq, uint16_t head);

extern const struct vdma_vq_format vdma_vq_split;
extern const struct vdma_vq_format vdma_vq_packed;

static inline bool vq_has(const struct vdma_vq *vq, uint64_t feature)
{
	return vq->config.features & feature;
}

static inline void *vq_at(const struct vdma_vq *vq, uint64_t dma)
{
	return (char *)vq->ring.cpu + (dma - vq->ring.dma);
}

static inline size_t vq_align(size_t x)
{
	return (x + VQ_AREA_ALIGN - 1) & ~(size_t)(VQ_AREA_ALIGN - 1);
}

/* Pieces of a buffer whose first is in the table of @head. */
static inline struct vdma_vq_piece *vq_table(const struct vdma_vq *vq,
					     uint16_t head)
{
	return vq->table_pieces + (size_t)head * vq->config.indirect_max;
}

/* Where the table of @head stands, for the device and for the CPU. */
static inline size_t vq_table_offset(const struct vdma_vq *vq, uint16_t head)
{
	return (size_t)head * vq->config.indirect_max * VQ_DESC_SIZE;
}

static inline uint16_t vq_write_flag(const struct vdma_vq_piece *piece)
{
	return piece->dir == VDMA_FROM_DEVICE ? VQ_DESC_WRITE : 0;
}

/*
 * Virtio 1.2, 2.7.10: did the index go past @event on its way from @old to
 * @now?
 */
static inline bool vq_passed(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif /* VDMA_VQ_H */
