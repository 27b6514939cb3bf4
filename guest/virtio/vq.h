/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Internal interface between the generic virtqueue code and the split and packed
 * formats.
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
/* 2.7.5 and 2.8.13: size of a descriptor in either format */
#define VQ_DESC_SIZE		16

/* POWER's cache line: driver and device do not write to the same line. */
#define VQ_AREA_ALIGN		128

#define VQ_NONE			0xffff

/*
 * The driver's private copy of a descriptor. Descriptors of a buffer in the ring are
 * chained by @next, as are the free ones; those in an indirect table are consecutive.
 */
struct vdma_vq_desc {
	uint64_t dma;
	uint32_t len;
	uint16_t next;
	uint8_t dir;
	bool mapped_by_vq;
};

enum vq_state {
	VQ_FREE,
	VQ_ADDED,
	VQ_AVAIL,
};

/*
 * A buffer, identified to the device by the number of its first descriptor.
 * @token: the caller's
 * @writable_len: bytes that the device may write
 * @count: number of segments
 * @descs: number of descriptors in the ring
 * @next: the buffer added after it
 * @state: one of &enum vq_state
 * @in_table: its descriptors are in an indirect table
 */
struct vdma_vq_buf {
	void *token;
	uint32_t writable_len;
	uint16_t count;
	uint16_t descs;
	uint16_t next;
	uint8_t state;
	bool in_table;
};

/* Used element (virtio 1.2, 2.7.8) */
struct vq_used_elem {
	uint32_t id;
	uint32_t len;
};

/*
 * @layout: sets the offsets of driver area and device area; returns the total size. Pure
 * @reset: resets the state, for zeroed memory
 * @write: writes the descriptors of a buffer
 * @publish: makes all written buffers available; returns whether the device wants a
 *	     notification
 * @get_used: returns 1 and the next used element, 0 without a used element, or an error
 * @consume: skips @n used buffers with @descs descriptors
 * @disable_cb: asks the device for no interrupts
 * @enable_cb: asks the device for an interrupt; returns whether there is a used buffer
 * @position: returns next offset and wrap counter, to pass to notify
 */
struct vdma_vq_format {
	size_t (*layout)(uint16_t num, size_t *driver, size_t *device);
	void (*reset)(struct vdma_vq *vq);
	void (*write)(struct vdma_vq *vq, uint16_t head);
	bool (*publish)(struct vdma_vq *vq);
	int (*get_used)(struct vdma_vq *vq, struct vq_used_elem *elem);
	int (*consume)(struct vdma_vq *vq, uint16_t n, uint16_t descs);
	void (*disable_cb)(struct vdma_vq *vq);
	bool (*enable_cb)(struct vdma_vq *vq);
	uint16_t (*position)(const struct vdma_vq *vq);
};

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

/* Private copy of the indirect table of buffer @head */
static inline struct vdma_vq_desc *vq_table(const struct vdma_vq *vq,
					    uint16_t head)
{
	return vq->indirect_shadow + (size_t)head * vq->config.indirect_max;
}

/* Offset of the indirect table of buffer @head */
static inline size_t vq_table_offset(const struct vdma_vq *vq, uint16_t head)
{
	return (size_t)head * vq->config.indirect_max * VQ_DESC_SIZE;
}

static inline uint16_t vq_write_flag(const struct vdma_vq_desc *desc)
{
	return desc->dir == VDMA_FROM_DEVICE ? VQ_DESC_WRITE : 0;
}

/* Virtio 1.2, 2.7.10: did the index pass @event between @old and @now? */
static inline bool vq_passed(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif /* VDMA_VQ_H */
