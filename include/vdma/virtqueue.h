/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Virtqueues, split and packed (virtio 1.2, 2.7 and 2.8), the driver's side.
 *
 * The device is not trusted. The driver keeps its state in private memory. From the ring it
 * reads only the device's fields (used indexes, identifiers, lengths, suppression), and
 * checks all of them. A device that breaks the rules breaks its ring: the ring keeps the
 * error, add, kick and get return it from then on, and the buffers stay mapped until the
 * device was reset.
 *
 * The caller makes sure that one CPU at a time uses a ring. Different rings share only the
 * domain.
 */
#ifndef VDMA_VIRTQUEUE_H
#define VDMA_VIRTQUEUE_H

#include <vdma/domain.h>
#include <vdma/types.h>

/* Virtio 1.2, 2.7 and 2.8: the largest rings */
#define VDMA_VQ_NUM_MAX		32768

#define VDMA_F(bit)		((uint64_t)1 << (bit))

/* Virtio 1.2, 6: feature bits that shape a ring */
#define VDMA_F_INDIRECT_DESC	VDMA_F(28)
#define VDMA_F_EVENT_IDX	VDMA_F(29)
#define VDMA_F_RING_PACKED	VDMA_F(34)
#define VDMA_F_IN_ORDER		VDMA_F(35)

/* All ring features that vdma_vq_init() supports */
#define VDMA_F_RING \
	(VDMA_F_INDIRECT_DESC | VDMA_F_EVENT_IDX | VDMA_F_RING_PACKED | \
	 VDMA_F_IN_ORDER)

/**
 * struct vdma_clock - a clock of the adapter
 * @now: nanoseconds since a fixed start; monotonic
 * @relax: called between polls of a device; may be NULL
 * @ctx: passed to both
 */
struct vdma_clock {
	uint64_t (*now)(void *ctx);
	void (*relax)(void *ctx);
	void *ctx;
};

/**
 * struct vdma_sg - a segment of a buffer
 * @addr: guest physical address; a DMA address if @mapped
 * @len: in bytes, at least 1
 * @mapped: the caller has mapped it, and will unmap it
 */
struct vdma_sg {
	uint64_t addr;
	uint32_t len;
	bool mapped;
};

/**
 * struct vdma_vq_config - configuration of a ring
 * @num: number of descriptors; a power of two for a split ring
 * @indirect_max: maximum number of segments of a buffer in an indirect table, used if
 *		  VDMA_F_INDIRECT_DESC is negotiated; 0: no tables. Costs @num *
 *		  @indirect_max * 32 bytes, half of them shared with the device
 * @features: negotiated features; only those of VDMA_F_RING matter
 * @notify: notifies the device of new buffers; @value is the next offset and wrap counter
 *	    (virtio 1.2, 2.9), for VIRTIO_F_NOTIFICATION_DATA
 * @ctx: passed to @notify
 */
struct vdma_vq_config {
	uint16_t num;
	uint16_t indirect_max;
	uint64_t features;
	void (*notify)(void *ctx, uint16_t value);
	void *ctx;
};

/**
 * struct vdma_vq_used - a used buffer
 * @token: as passed to vdma_vq_add()
 * @len: bytes that the device claims to have written, at most the buffer's writable length
 */
struct vdma_vq_used {
	void *token;
	uint32_t len;
};

struct vdma_vq_desc;
struct vdma_vq_buf;
struct vdma_vq_format;

/**
 * struct vdma_vq - a ring
 * @domain: how the device reaches memory
 * @config: as given
 * @error: why the ring is broken, or VDMA_OK
 * @in_flight: number of buffers that are available to the device and not yet returned
 * @free: number of free descriptors
 * @added: number of buffers added but not yet available
 * @notified: number of calls to @notify, for statistics
 * @ring: memory of the ring
 * @tables: memory of the indirect tables
 * @desc_dma: DMA address of the descriptor area (queue_desc)
 * @driver_dma: DMA address of the driver area (queue_driver): available ring, or the
 *		driver's event suppression
 * @device_dma: DMA address of the device area (queue_device)
 *
 * The other members are private.
 */
struct vdma_vq {
	struct vdma_domain *domain;
	struct vdma_vq_config config;
	int error;
	uint16_t in_flight;
	uint16_t free;
	uint16_t added;
	uint64_t notified;
	struct vdma_memory ring;
	struct vdma_memory tables;
	uint64_t desc_dma;
	uint64_t driver_dma;
	uint64_t device_dma;

	/* private: */
	const struct vdma_vq_format *format;
	struct vdma_vq_desc *desc_shadow;
	struct vdma_vq_desc *indirect_shadow;
	struct vdma_vq_buf *bufs;
	uint16_t *order;
	uint16_t order_first;
	uint16_t order_count;
	uint16_t batch_left;
	uint32_t batch_len;
	uint16_t free_head;
	uint16_t added_head;
	uint16_t added_tail;
	uint16_t scan;
	uint16_t next_avail;
	uint16_t last_used;
	uint16_t published;
	uint16_t first_at;
	uint16_t first_flags;
	bool avail_wrap;
	bool used_wrap;
};

/**
 * vdma_vq_fit() - reduce a ring to the size that a device supports
 * @config: @num and @indirect_max are reduced if necessary; @indirect_max becomes 0 without
 *	    VDMA_F_INDIRECT_DESC
 * @most: maximum size, from vdma_virtio_queue_max()
 *
 * Never increases the private memory that the ring needs.
 */
void vdma_vq_fit(struct vdma_vq_config *config, uint16_t most);

/**
 * vdma_vq_private_size() - private memory that a ring needs
 * @config: its configuration
 *
 * Return: bytes; 0 if @config is invalid.
 */
size_t vdma_vq_private_size(const struct vdma_vq_config *config);

/**
 * vdma_vq_init() - set up a ring
 * @vq: initialized on success
 * @domain: how the device reaches memory; allocates ring and tables
 * @config: its configuration; copied
 * @private_mem: vdma_vq_private_size() bytes that no device can reach, aligned to 8;
 *		 returned to the caller by vdma_vq_fini()
 *
 * Return: VDMA_OK; VDMA_E_QUEUE_SIZE if @config is invalid; VDMA_E_NO_MEMORY; or as
 * vdma_domain_map().
 */
int vdma_vq_init(struct vdma_vq *vq, struct vdma_domain *domain,
		 const struct vdma_vq_config *config, void *private_mem);

/**
 * vdma_vq_fini() - free the ring's memory
 * @vq: a ring whose device was reset and whose buffers were detached
 */
void vdma_vq_fini(struct vdma_vq *vq);

int vdma_vq_add_at(struct vdma_vq *vq, const struct vdma_sg *sg,
		   unsigned int out, unsigned int in, void *token,
		   const char *where);

/**
 * vdma_vq_add() - add a buffer
 * @vq: the ring
 * @sg: its segments; those that the device reads first, then those that it writes
 * @out: number of segments that the device reads
 * @in: number of segments that the device writes
 * @token: not NULL; returned with the buffer
 *
 * Maps the segments that are not yet mapped. The next vdma_vq_kick() makes the buffer
 * available: any number of buffers takes one barrier and at most one notification.
 *
 * Return: VDMA_OK; VDMA_E_FULL if the ring is full; VDMA_E_INVALID if @token is NULL, or the
 * buffer has no segments, more than the ring has descriptors, an empty one, or 4 GiB or
 * more in all; the ring's error if it is broken; or as vdma_domain_map(). On an error
 * nothing is added or stays mapped.
 */
#define vdma_vq_add(vq, sg, out, in, token) \
	vdma_vq_add_at(vq, sg, out, in, token, VDMA_HERE)

/**
 * vdma_vq_kick() - make all added buffers available to the device
 * @vq: the ring
 *
 * Calls @notify if the device has asked for notifications.
 *
 * Return: VDMA_OK, or the ring's error.
 */
int vdma_vq_kick(struct vdma_vq *vq);

/**
 * vdma_vq_get_buf() - get a buffer that the device has used
 * @vq: the ring
 * @used: filled in on return of 1
 *
 * Unmaps the segments that vdma_vq_add() has mapped.
 *
 * Return: 1; 0 if no buffer is used; the ring's error if it is broken, or breaks now:
 * VDMA_E_USED_ID for an identifier that does not exist, VDMA_E_USED_FREE for a buffer that
 * the device does not have, VDMA_E_USED_LEN for more bytes than the buffer can hold,
 * VDMA_E_USED_INDEX for an index that jumps ahead or back; or the error of unmap.
 */
int vdma_vq_get_buf(struct vdma_vq *vq, struct vdma_vq_used *used);

/**
 * vdma_vq_wait() - wait for a used buffer
 * @vq: the ring
 * @used: filled in on success
 * @clock: monotonic clock
 * @limit: nanoseconds
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT if no buffer is used in time: this breaks the ring, since
 * the device may still use the buffer later; or as vdma_vq_get_buf().
 */
int vdma_vq_wait(struct vdma_vq *vq, struct vdma_vq_used *used,
		 const struct vdma_clock *clock, uint64_t limit);

/**
 * vdma_vq_disable_cb() - ask the device for no interrupts
 * @vq: the ring; disabled after vdma_vq_init()
 *
 * A hint: the device may still send some.
 */
void vdma_vq_disable_cb(struct vdma_vq *vq);

/**
 * vdma_vq_enable_cb() - ask the device for an interrupt with the next used buffer
 * @vq: the ring
 *
 * Return: true if there is already a used buffer, which may cause no interrupt: call
 * vdma_vq_get_buf().
 */
bool vdma_vq_enable_cb(struct vdma_vq *vq);

/**
 * vdma_vq_detach_unused_buf() - detach a buffer that the device has not used
 * @vq: the ring of a device that was reset
 *
 * Call it until it returns NULL, then vdma_vq_fini() or vdma_vq_restart(). Works on broken
 * rings.
 *
 * Return: the buffer's token; NULL if no buffer is left.
 */
void *vdma_vq_detach_unused_buf(struct vdma_vq *vq);

/**
 * vdma_vq_restart() - set up a ring again in the same memory
 * @vq: a ring whose device was reset and whose buffers were detached
 */
void vdma_vq_restart(struct vdma_vq *vq);

#endif /* VDMA_VIRTQUEUE_H */
