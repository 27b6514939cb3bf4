/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Virtqueues, split and packed (virtio 1.2, 2.7 and 2.8), the driver's side.
 *
 * The device is not trusted. All that the driver needs to know again, it keeps
 * in memory of its own; from the ring it reads only what the device has to say
 * (used indexes, identifiers, lengths, suppression), and takes none of it
 * unchecked. A device that breaks the rules breaks its ring: the error is
 * kept, add and get return it from then on, and the buffers stay mapped until
 * the device was reset.
 *
 * One ring is used by one CPU at a time; the caller sees to that. Different
 * rings share nothing but the domain.
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
 * struct vdma_clock - time, as the adapter has it
 * @now: nanoseconds from any fixed start, never running backwards
 * @relax: called between two looks at a device; NULL: nothing
 * @ctx: handed to both
 */
struct vdma_clock {
	uint64_t (*now)(void *ctx);
	void (*relax)(void *ctx);
	void *ctx;
};

/**
 * struct vdma_sg - a desc of a buffer
 * @addr: guest physical address; or a DMA address if @mapped
 * @len: in bytes, at least 1
 * @mapped: the caller has mapped it, and unmaps it
 */
struct vdma_sg {
	uint64_t addr;
	uint32_t len;
	bool mapped;
};

/**
 * struct vdma_vq_config - configuration of a ring
 * @num: number of descriptors; a power of two for a split ring
 * @indirect_max: longest buffer, in pieces, that may go into a table of its
 *		  own when VDMA_F_INDIRECT_DESC is negotiated; 0: none does.
 *		  Costs @num * @indirect_max * 32 bytes, half of it shared
 *		  with the device.
 * @features: negotiated features; those of VDMA_F_RING count
 * @notify: tells the device that there are new buffers; value is what virtio
 *	    1.2, 2.9 gives as next offset and wrap counter, of which a device
 *	    without VIRTIO_F_NOTIFICATION_DATA sees nothing
 * @ctx: handed to @notify
 */
struct vdma_vq_config {
	uint16_t num;
	uint16_t indirect_max;
	uint64_t features;
	void (*notify)(void *ctx, uint16_t value);
	void *ctx;
};

/**
 * struct vdma_vq_used - a buffer that came back
 * @token: as passed to vdma_vq_add()
 * @len: bytes that the device says it has written, at most what the buffer
 *	 has room for
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
 * @in_flight: buffers that the device has been shown and not given back
 * @free: free descriptors
 * @added: buffers added and not yet shown to the device
 * @notified: how often @notify was called, for figures
 * @ring: the ring's memory
 * @tables: the indirect tables' memory
 * @desc_dma: descriptor area, for the transport (queue_desc)
 * @driver_dma: driver area (queue_driver): available ring, or the driver's
 *		event suppression
 * @device_dma: device area (queue_device)
 *
 * The rest is the ring's own.
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
 * vdma_vq_fit() - make a ring as large as a device can have it
 * @config: @num becomes smaller if need be, and so does @indirect_max; what
 *	    @features does not have is switched off
 * @most: the largest that the device can have, vdma_virtio_queue_max()
 *
 * Never asks for more private memory than before.
 */
void vdma_vq_fit(struct vdma_vq_config *config, uint16_t most);

/**
 * vdma_vq_private_size() - how much memory of its own a ring needs
 * @config: its configuration
 *
 * Return: bytes; 0 if there is no such ring.
 */
size_t vdma_vq_private_size(const struct vdma_vq_config *config);

/**
 * vdma_vq_init() - make a ring
 * @vq: set up on success
 * @domain: how the device reaches memory; ring and tables come from it
 * @config: its configuration; copied
 * @private_mem: vdma_vq_private_size() bytes that no device can reach, aligned
 *		 to 8; the caller's again after vdma_vq_fini()
 *
 * Return: VDMA_OK; VDMA_E_QUEUE_SIZE if there is no such ring; VDMA_E_NO_MEMORY;
 * or as vdma_domain_map().
 */
int vdma_vq_init(struct vdma_vq *vq, struct vdma_domain *domain,
		 const struct vdma_vq_config *config, void *private_mem);

/**
 * vdma_vq_fini() - give the ring's memory back
 * @vq: a ring whose device was reset and whose buffers were detached
 */
void vdma_vq_fini(struct vdma_vq *vq);

int vdma_vq_add_at(struct vdma_vq *vq, const struct vdma_sg *sg,
		   unsigned int out, unsigned int in, void *token,
		   const char *where);

/**
 * vdma_vq_add() - add a buffer
 * @vq: the ring
 * @sg: its pieces, first those that the device reads, then those it writes
 * @out: how many the device reads
 * @in: how many the device writes
 * @token: not NULL; comes back with the buffer
 *
 * Maps the pieces that are not. The device sees the buffer with the next
 * vdma_vq_kick(): any number of buffers goes with one barrier and at most one
 * notification.
 *
 * Return: VDMA_OK; VDMA_E_FULL if there is no room now; VDMA_E_INVALID if
 * there never is, @token is NULL, a desc is empty or all that the device may
 * write comes to 4 GiB or more; the ring's error if it is broken; or as
 * vdma_domain_map(). On an error nothing was added or left mapped.
 */
#define vdma_vq_add(vq, sg, out, in, token) \
	vdma_vq_add_at(vq, sg, out, in, token, VDMA_HERE)

/**
 * vdma_vq_kick() - show the device all that was added
 * @vq: the ring
 *
 * Calls @notify if the device wants to be told.
 *
 * Return: VDMA_OK, or the ring's error.
 */
int vdma_vq_kick(struct vdma_vq *vq);

/**
 * vdma_vq_get_buf() - take back a buffer that the device has used
 * @vq: the ring
 * @used: filled in on 1
 *
 * Unmaps the buffer that vdma_vq_add() mapped.
 *
 * Return: 1 and a buffer; 0 if no buffer is used yet; the ring's error if it
 * is broken, or is found to be: VDMA_E_USED_ID for an identifier that does not
 * exist, VDMA_E_USED_FREE for one that the device does not hold,
 * VDMA_E_USED_LEN for more bytes than the buffer has, VDMA_E_USED_INDEX for an
 * index that runs ahead or back; or what unmap returned.
 */
int vdma_vq_get_buf(struct vdma_vq *vq, struct vdma_vq_used *used);

/**
 * vdma_vq_wait() - wait for a buffer to come back
 * @vq: the ring
 * @used: filled in on success
 * @clock: monotonic clock
 * @limit: nanoseconds
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT if nothing came in time, and the ring is
 * broken with that error, for what the device does with the buffer later is
 * unknown; or as vdma_vq_get_buf().
 */
int vdma_vq_wait(struct vdma_vq *vq, struct vdma_vq_used *used,
		 const struct vdma_clock *clock, uint64_t limit);

/**
 * vdma_vq_disable_cb() - ask the device for no interrupts
 * @vq: the ring; a new ring is quiet
 *
 * A hint: the device may still send some.
 */
void vdma_vq_disable_cb(struct vdma_vq *vq);

/**
 * vdma_vq_enable_cb() - ask the device for an interrupt with the next used buffer
 * @vq: the ring
 *
 * Return: true if there is a used buffer already, for which no interrupt may
 * come: call vdma_vq_get_buf().
 */
bool vdma_vq_enable_cb(struct vdma_vq *vq);

/**
 * vdma_vq_detach_unused_buf() - take back a buffer that the device has not used
 * @vq: the ring of a device that was reset
 *
 * Call it until it returns NULL, then vdma_vq_fini() or vdma_vq_restart().
 * Works on broken rings.
 *
 * Return: the buffer's token; NULL if none is left.
 */
void *vdma_vq_detach_unused_buf(struct vdma_vq *vq);

/**
 * vdma_vq_restart() - make a ring as new, in the same memory
 * @vq: a ring whose device was reset and whose buffers were detached
 */
void vdma_vq_restart(struct vdma_vq *vq);

#endif /* VDMA_VIRTQUEUE_H */
