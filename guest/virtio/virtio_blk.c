// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The block driver (virtio 1.2, 5.2). Headers and status bytes stay mapped; only the data is
 * mapped for each request.
 */
#include <vdma/barrier.h>
#include <vdma/blk.h>
#include <vdma/error.h>

/* 5.2.3: feature bits */
#define F_SIZE_MAX		VDMA_F(1)
#define F_SEG_MAX		VDMA_F(2)
#define F_RO			VDMA_F(5)
#define F_FLUSH			VDMA_F(9)
#define F_MQ			VDMA_F(12)
#define F_SUPPORTED		(F_SIZE_MAX | F_SEG_MAX | F_RO | F_FLUSH | F_MQ)

/* 5.2.4: struct virtio_blk_config */
#define CFG_CAPACITY		0
#define CFG_SIZE_MAX		8
#define CFG_SEG_MAX		12
#define CFG_NUM_QUEUES		34

/* 5.2.6: status; STATUS_NONE: not yet written by the device */
#define STATUS_OK		0
#define STATUS_NONE		0xff

/* 5.2.6: struct virtio_blk_req, without the data */
struct blk_header {
	struct vdma_le32 type;
	struct vdma_le32 reserved;
	struct vdma_le64 sector;
	uint8_t status;
	uint8_t pad[15];
};

#define HEADER_LEN		16
/* Smaller rings cannot hold a header, data and a status byte. */
#define NUM_MIN			4
#define STATUS_OFFSET		16

static uint32_t blk_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A request has a header and a status byte in addition to its data. */
static uint32_t blk_scratch_count(uint16_t num)
{
	return blk_min(num, VDMA_BLK_SG_MAX + 2);
}

static struct vdma_vq_config
blk_ring_config(const struct vdma_blk_config *config, uint64_t features,
		struct vdma_doorbell *bell)
{
	return (struct vdma_vq_config){
		.num = config->num,
		.indirect_max =
			(uint16_t)blk_min(config->indirect_max, config->num),
		.features = features,
		.notify = vdma_virtio_notify,
		.ctx = bell,
	};
}

static size_t blk_queue_private_size(const struct vdma_blk_config *config,
				     uint64_t features)
{
	struct vdma_vq_config ring;

	/* A split ring is rounded down and needs no more than this. */
	ring = blk_ring_config(config, features | VDMA_F_RING_PACKED, NULL);
	return vdma_vq_private_size(&ring) +
	       blk_scratch_count(config->num) * sizeof(struct vdma_sg) +
	       (config->num * sizeof(uint16_t) + 7) / 8 * 8;
}

size_t vdma_blk_private_size(const struct vdma_blk_config *config)
{
	return config->queues *
	       blk_queue_private_size(config, config->ring_features);
}

static int blk_start_queue(struct vdma_blk *blk, uint16_t index,
			   char **private_mem)
{
	struct vdma_blk_queue *queue = &blk->queues[index];
	uint64_t features = blk->dev->features;
	struct vdma_vq_config ring;
	int error;
	uint16_t i;

	ring = blk_ring_config(&blk->config, features, &queue->bell);
	vdma_vq_fit(&ring, vdma_virtio_queue_max(blk->dev, index));
	if (ring.num < NUM_MIN)
		return VDMA_E_NO_QUEUE;

	queue->scratch = (void *)*private_mem;
	*private_mem += blk_scratch_count(ring.num) * sizeof(struct vdma_sg);
	queue->free = (void *)*private_mem;
	*private_mem += (ring.num * sizeof(uint16_t) + 7) / 8 * 8;
	for (i = 0; i < ring.num; i++)
		queue->free[queue->free_count++] = i;

	error = vdma_domain_alloc(blk->domain,
				  ring.num * sizeof(struct blk_header),
				  &queue->headers);
	if (error)
		return error;
	error = vdma_vq_init(&queue->vq, blk->domain, &ring, *private_mem);
	if (error)
		return error;
	*private_mem += vdma_vq_private_size(&ring);
	blk->seg_max = blk_min(blk->seg_max, ring.num - 2u);
	return vdma_virtio_queue(blk->dev, index, &queue->vq, &queue->bell);
}

static void blk_stop_queue(struct vdma_blk *blk, struct vdma_blk_queue *queue)
{
	if (queue->vq.ring.len) {
		while (vdma_vq_detach_unused_buf(&queue->vq))
			;
		vdma_vq_fini(&queue->vq);
	}
	vdma_domain_free(blk->domain, &queue->headers);
}

int vdma_blk_stop(struct vdma_blk *blk)
{
	int error = vdma_virtio_reset(blk->dev);
	uint16_t i;

	if (error)
		return error;
	for (i = 0; i < blk->config.queues; i++)
		blk_stop_queue(blk, &blk->queues[i]);
	return VDMA_OK;
}

static int blk_read_config(struct vdma_blk *blk)
{
	struct vdma_virtio *dev = blk->dev;
	uint16_t queues = 1;

	if (dev->features & F_MQ)
		queues = (uint16_t)vdma_virtio_config(dev, CFG_NUM_QUEUES, 2);
	if (!blk->config.queues || blk->config.queues > queues)
		return VDMA_E_NO_QUEUE;
	blk->sectors = vdma_virtio_config(dev, CFG_CAPACITY, 8);
	blk->read_only = dev->features & F_RO;
	blk->flush = dev->features & F_FLUSH;
	/* 5.2.5: without the feature, one segment */
	blk->seg_max = 1;
	if (dev->features & F_SEG_MAX)
		blk->seg_max = (uint32_t)vdma_virtio_config(dev, CFG_SEG_MAX,
							    4);
	blk->seg_max = blk_min(blk->seg_max, VDMA_BLK_SG_MAX);
	blk->size_max = 0xffffffff;
	if (dev->features & F_SIZE_MAX)
		blk->size_max = (uint32_t)vdma_virtio_config(dev, CFG_SIZE_MAX,
							     4);
	return VDMA_OK;
}

static int blk_start(struct vdma_blk *blk, char *private_mem)
{
	uint64_t offered, features;
	uint16_t i;
	int error = vdma_virtio_begin(blk->dev, &offered);

	if (error)
		return error;
	features = VDMA_F_VERSION_1 | VDMA_F_ACCESS_PLATFORM | F_SUPPORTED |
		   (blk->config.ring_features & VDMA_F_RING);
	error = vdma_virtio_features(blk->dev, features & offered);
	if (error)
		return error;
	error = blk_read_config(blk);
	for (i = 0; !error && i < blk->config.queues; i++)
		error = blk_start_queue(blk, i, &private_mem);
	if (!error)
		vdma_virtio_ready(blk->dev);
	return error;
}

int vdma_blk_start(struct vdma_blk *blk, struct vdma_virtio *dev,
		   struct vdma_domain *domain,
		   const struct vdma_blk_config *config,
		   struct vdma_blk_queue *queues, void *private_mem)
{
	int error;
	uint16_t i;

	*blk = (struct vdma_blk){
		.dev = dev, .domain = domain, .config = *config,
		.queues = queues,
	};
	for (i = 0; i < config->queues; i++)
		queues[i] = (struct vdma_blk_queue){ .blk = blk };
	error = blk_start(blk, private_mem);
	if (error)
		vdma_blk_stop(blk);
	return error;
}

static int blk_check_request(const struct vdma_blk *blk,
			     const struct vdma_blk_request *req)
{
	uint64_t len = 0;
	unsigned int i;

	if (req->op == VDMA_BLK_FLUSH)
		return blk->flush && !req->count ? VDMA_OK : VDMA_E_INVALID;
	if ((req->op == VDMA_BLK_WRITE && blk->read_only) || !req->count ||
	    req->count > blk->seg_max)
		return VDMA_E_INVALID;
	for (i = 0; i < req->count; i++) {
		if (req->sg[i].len > blk->size_max)
			return VDMA_E_INVALID;
		len += req->sg[i].len;
	}
	if (len % VDMA_BLK_SECTOR || req->sector > blk->sectors ||
	    len / VDMA_BLK_SECTOR > blk->sectors - req->sector)
		return VDMA_E_INVALID;
	return VDMA_OK;
}

static struct blk_header *blk_header(const struct vdma_blk_queue *queue,
				     uint16_t slot)
{
	return (struct blk_header *)queue->headers.cpu + slot;
}

static void blk_write_header(struct vdma_blk_queue *queue,
			     const struct vdma_blk_request *req)
{
	struct blk_header *header = blk_header(queue, req->slot);

	vdma_le32_set(&header->type, (uint32_t)req->op);
	vdma_le32_set(&header->reserved, 0);
	/* 5.2.6.1: 0 for a flush */
	vdma_le64_set(&header->sector,
		      req->op == VDMA_BLK_FLUSH ? 0 : req->sector);
	__atomic_store_n(&header->status, STATUS_NONE, __ATOMIC_RELAXED);
}

int vdma_blk_add_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		    const char *where)
{
	struct vdma_sg *sg = queue->scratch;
	unsigned int n = req->count + 2;
	unsigned int in = req->op == VDMA_BLK_READ ? n - 1 : 1;
	unsigned int i;
	uint64_t at;
	int error = blk_check_request(queue->blk, req);

	if (error)
		return error;
	if (!queue->free_count)
		return VDMA_E_FULL;
	req->slot = queue->free[queue->free_count - 1];
	blk_write_header(queue, req);

	at = queue->headers.dma + req->slot * sizeof(struct blk_header);
	sg[0] = (struct vdma_sg){ at, HEADER_LEN, true };
	for (i = 0; i < req->count; i++)
		sg[i + 1] = req->sg[i];
	sg[n - 1] = (struct vdma_sg){ at + STATUS_OFFSET, 1, true };
	error = vdma_vq_add_at(&queue->vq, sg, n - in, in, req, where);
	if (!error)
		queue->free_count--;
	return error;
}

static void blk_finish(struct vdma_blk_queue *queue,
		       struct vdma_blk_request *req)
{
	struct blk_header *header = blk_header(queue, req->slot);

	req->status = __atomic_load_n(&header->status, __ATOMIC_RELAXED);
	req->error = req->status == STATUS_OK ? VDMA_OK : VDMA_E_IO;
	queue->free[queue->free_count++] = req->slot;
}

int vdma_blk_get(struct vdma_blk_queue *queue, struct vdma_blk_request **req)
{
	struct vdma_vq_used used;
	int got = vdma_vq_get_buf(&queue->vq, &used);

	if (got > 0) {
		*req = used.token;
		blk_finish(queue, *req);
	}
	return got;
}

int vdma_blk_do_at(struct vdma_blk_queue *queue, struct vdma_blk_request *req,
		   const char *where)
{
	struct vdma_virtio *dev = queue->blk->dev;
	struct vdma_vq_used used;
	int error = vdma_blk_add_at(queue, req, where);

	if (!error)
		error = vdma_vq_kick(&queue->vq);
	if (error)
		return error;
	error = vdma_vq_wait(&queue->vq, &used, &dev->clock,
			     queue->blk->config.limit);
	if (error == VDMA_E_TIMEOUT && vdma_virtio_check(dev))
		return VDMA_E_NEEDS_RESET;
	if (error)
		return error;
	blk_finish(queue, used.token);
	return req->error;
}
