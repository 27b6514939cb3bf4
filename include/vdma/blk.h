/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A minimal block driver (virtio 1.2, 5.2): several queues, overlapping requests, polled.
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
 * struct vdma_blk_request - a request; must not move until it completes
 * @op: type of the request
 * @sector: first sector, of 512 bytes
 * @sg: segments of the data
 * @count: number of segments, 0 for a flush
 * @ctx: for the caller
 * @error: on completion: VDMA_OK or VDMA_E_IO
 * @status: on completion: the device's status (virtio 1.2, 5.2.6: 1 an error, 2 an
 *	    unknown operation); 0xff if the device has not written one
 *
 * The other members are private.
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
 * @queues: number of queues, at least 1
 * @num: descriptors per queue; reduced if the device has fewer
 * @indirect_max: as in struct vdma_vq_config; a table holds @indirect_max - 2 segments of
 *		  data
 * @ring_features: mask of VDMA_F_RING features to use if offered
 * @limit: time limit for a request, in nanoseconds
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
 * struct vdma_blk_queue - a queue, used by one CPU at a time
 * @vq: its ring
 * @bell: its notifications
 * @blk: the device
 * @headers: request headers and status bytes, in coherent DMA memory
 * @free: numbers of free headers
 * @free_count: number of free headers
 * @scratch: where the segments of a request are collected
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
 * @queues: array of @config.queues queues, owned by the caller
 * @sectors: capacity in sectors of 512 bytes
 * @seg_max: maximum number of segments of data in a request
 * @size_max: maximum size of a segment in bytes
 * @read_only: the device refuses writes
 * @flush: the device supports flushes
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
 * vdma_blk_private_size() - private memory that a block device needs
 * @config: as for vdma_blk_start()
 *
 * Return: bytes, for all queues.
 */
size_t vdma_blk_private_size(const struct vdma_blk_config *config);

/**
 * vdma_blk_start() - reset and start a block device
 * @blk: initialized on success
 * @dev: its transport, after vdma_virtio_find()
 * @domain: how it reaches memory. VDMA_F_ACCESS_PLATFORM is accepted if offered, as the
 *	    decision has assumed
 * @config: requested configuration; copied
 * @queues: array of @config->queues queues
 * @private_mem: vdma_blk_private_size() bytes, aligned to 8
 *
 * Return: VDMA_OK; VDMA_E_FEATURES if the device lacks VERSION_1 or refuses the features;
 * VDMA_E_NO_QUEUE if it has fewer queues than requested; or as vdma_virtio_reset() and
 * vdma_vq_init(). On an error the device is reset and nothing stays mapped.
 */
int vdma_blk_start(struct vdma_blk *blk, struct vdma_virtio *dev,
		   struct vdma_domain *domain,
		   const struct vdma_blk_config *config,
		   struct vdma_blk_queue *queues, void *private_mem);

/**
 * vdma_blk_stop() - reset the device and free all its memory
 * @blk: the device
 *
 * Requests in flight never complete; their memory belongs to the caller again.
 *
 * Return: VDMA_OK; VDMA_E_TIMEOUT, and nothing is freed, if the device does not complete
 * its reset.
 */
int vdma_blk_stop(struct vdma_blk *blk);

int vdma_blk_add_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		    const char *where);

/**
 * vdma_blk_add() - add a request
 * @queue: a queue of the device
 * @req: the request
 *
 * The next vdma_vq_kick(&queue->vq) makes it available to the device.
 *
 * Return: VDMA_OK; VDMA_E_INVALID for a segment that is too long, too many segments, an
 * incomplete sector, sectors past the device's end, a write to a read-only device, or a
 * flush that the device does not support; or as vdma_vq_add().
 */
#define vdma_blk_add(queue, req)	vdma_blk_add_at(queue, req, VDMA_HERE)

/**
 * vdma_blk_get() - get a completed request
 * @queue: a queue of the device
 * @req: set on return of 1; its @error is the result
 *
 * Return: 1; 0 if no request has completed; or the ring's error as vdma_vq_get_buf().
 */
int vdma_blk_get(struct vdma_blk_queue *queue, struct vdma_blk_request **req);

int vdma_blk_do_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		   const char *where);

/**
 * vdma_blk_do() - make a request and wait for it
 * @queue: a queue of the device without requests in flight
 * @req: the request
 *
 * Return: VDMA_OK; @req's error; VDMA_E_NEEDS_RESET if the device does not answer because
 * it needs a reset; or as vdma_blk_add() and vdma_vq_wait().
 */
#define vdma_blk_do(queue, req)		vdma_blk_do_at(queue, req, VDMA_HERE)

#endif /* VDMA_BLK_H */
