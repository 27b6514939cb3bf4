/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A block driver (virtio 1.2, 5.2), as small as a user of rings can be: many
 * queues, requests that overlap, polled.
 */
#ifndef VDMA_BLK_H
#define VDMA_BLK_H

#include <vdma/virtio_dev.h>
#include <vdma/virtqueue.h>

#define VDMA_BLK_SECTOR		512
/* Maximum segments of one request; the device's seg_max may be lower. */
#define VDMA_BLK_SG_MAX		254

/**
 * enum vdma_blk_op - type of a request (virtio 1.2, 5.2.6)
 * @VDMA_BLK_READ: the device writes to memory
 * @VDMA_BLK_WRITE: the device reads memory
 * @VDMA_BLK_FLUSH: no data
 */
enum vdma_blk_op {
	VDMA_BLK_READ = 0,
	VDMA_BLK_WRITE = 1,
	VDMA_BLK_FLUSH = 4,
};

/**
 * struct vdma_blk_request - a request, the caller's until it is back
 * @op: type of the request
 * @sector: first sector, of 512 bytes
 * @sg: pieces of the data
 * @count: how many, 0 for a flush
 * @ctx: the caller's
 * @error: when it is back: VDMA_OK or VDMA_E_IO
 * @status: when it is back: the device's own status (virtio 1.2, 5.2.6: 1 an
 *	    error, 2 an operation that it does not know); 0xff if it gave none
 *
 * The rest is the driver's.
 */
struct vdma_blk_request {
	enum vdma_blk_op op;
	uint64_t sector;
	const struct vdma_sg *sg;
	unsigned int count;
	void *ctx;
	int error;
	uint8_t status;

	/* private: */
	uint16_t slot;
};

/**
 * struct vdma_blk_config - configuration of a block device
 * @queues: how many queues, at least 1
 * @num: descriptors a queue; made smaller if the device has fewer
 * @indirect_max: as in struct vdma_vq_config; @indirect_max less 2 pieces of
 *		  data fit in a table
 * @ring_features: mask of VDMA_F_RING features to use if offered
 * @limit: how long a request may take, in nanoseconds
 */
struct vdma_blk_config {
	uint16_t queues;
	uint16_t num;
	uint16_t indirect_max;
	uint64_t ring_features;
	uint64_t limit;
};

struct vdma_blk;

/**
 * struct vdma_blk_queue - one queue; one CPU at a time
 * @vq: its ring
 * @bell: its notifications
 * @blk: the device
 * @headers: request headers and status bytes, in memory that the device sees
 * @free: numbers of those that are free
 * @free_count: how many
 * @scratch: where a request's pieces are put together
 */
struct vdma_blk_queue {
	struct vdma_vq vq;
	struct vdma_doorbell bell;
	struct vdma_blk *blk;
	struct vdma_memory headers;
	uint16_t *free;
	uint16_t free_count;
	struct vdma_sg *scratch;
};

/**
 * struct vdma_blk - a block device
 * @dev: its transport
 * @domain: how it reaches memory
 * @config: as given, reduced to what the device supports
 * @queues: the caller's, @config.queues of them
 * @sectors: capacity in sectors of 512 bytes
 * @seg_max: most pieces of data in a request
 * @size_max: longest piece, in bytes
 * @read_only: the device takes no writes
 * @flush: the device knows flushes
 */
struct vdma_blk {
	struct vdma_virtio *dev;
	struct vdma_domain *domain;
	struct vdma_blk_config config;
	struct vdma_blk_queue *queues;
	uint64_t sectors;
	uint32_t seg_max;
	uint32_t size_max;
	bool read_only;
	bool flush;
};

/**
 * vdma_blk_private_size() - how much private memory a block device needs
 * @config: as for vdma_blk_start()
 *
 * Return: bytes, for all queues.
 */
size_t vdma_blk_private_size(const struct vdma_blk_config *config);

/**
 * vdma_blk_start() - reset a block device and put it to work
 * @blk: set up on success
 * @dev: its transport, after vdma_virtio_find()
 * @domain: how it reaches memory. VDMA_F_ACCESS_PLATFORM is taken if it is
 *	    offered; the decision was made with that in mind
 * @config: requested configuration; copied
 * @queues: memory for @config->queues of them
 * @private_mem: vdma_blk_private_size() bytes, aligned to 8
 *
 * Return: VDMA_OK; VDMA_E_FEATURES if the device has no VERSION_1 or refuses;
 * VDMA_E_NO_QUEUE if it has fewer queues than asked for; or as
 * vdma_virtio_reset() and vdma_vq_init(). On an error the device was reset and
 * nothing is left mapped.
 */
int vdma_blk_start(struct vdma_blk *blk, struct vdma_virtio *dev,
		   struct vdma_domain *domain,
		   const struct vdma_blk_config *config,
		   struct vdma_blk_queue *queues, void *private_mem);

/**
 * vdma_blk_stop() - reset the device and give all its memory back
 * @blk: the device
 *
 * Requests that are not back never come; their memory is the caller's again.
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT if the device did not get done with its
 * reset, and then nothing was given back.
 */
int vdma_blk_stop(struct vdma_blk *blk);

int vdma_blk_add_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		    const char *where);

/**
 * vdma_blk_add() - add a request
 * @queue: one of the device's
 * @req: the request
 *
 * The device sees it with the next vdma_vq_kick(&queue->vq).
 *
 * Return: VDMA_OK; VDMA_E_INVALID for a piece that is too long or too many,
 * half a sector, an address behind the device's end, a write to a device that
 * is read-only, a flush of one that has none; or as vdma_vq_add().
 */
#define vdma_blk_add(queue, req)	vdma_blk_add_at(queue, req, VDMA_HERE)

/**
 * vdma_blk_get() - take back a request that is done
 * @queue: one of the device's
 * @req: filled in on 1; its @error is the result
 *
 * Return: 1; 0 if none is done; or the ring's error as vdma_vq_get_buf().
 */
int vdma_blk_get(struct vdma_blk_queue *queue, struct vdma_blk_request **req);

int vdma_blk_do_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		   const char *where);

/**
 * vdma_blk_do() - do one request and wait for it
 * @queue: one of the device's, on which no other request is out
 * @req: the request
 *
 * Return: VDMA_OK; @req's error; VDMA_E_NEEDS_RESET if that is why there is no
 * answer; or as vdma_blk_add() and vdma_vq_wait().
 */
#define vdma_blk_do(queue, req)		vdma_blk_do_at(queue, req, VDMA_HERE)

#endif /* VDMA_BLK_H */
