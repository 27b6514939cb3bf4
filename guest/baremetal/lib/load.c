// SPDX-License-Identifier: GPL-2.0-or-later
/* Many concurrent requests on one queue of a disk */
#include <vdma/error.h>
#include "base.h"
#include "clock.h"
#include "ktap.h"
#include "load.h"
#include "page.h"

struct slot {
	struct vdma_blk_request req;
	struct vdma_sg sg;
	char *buffer;
};

struct run {
	struct load *load;
	struct vdma_blk_queue *queue;
	struct slot *slots;
	struct slot **idle;
	unsigned int idle_count;
	uint64_t started;
};

static void load_prepare(struct run *run, struct slot *slot)
{
	struct load *load = run->load;
	uint64_t offset = load->first + run->started * load->len % load->span;
	bool write = load->write_every &&
		     !(run->started % load->write_every);

	slot->sg = (struct vdma_sg){ .addr = (uintptr_t)slot->buffer,
				     .len = (uint32_t)load->len };
	slot->req = (struct vdma_blk_request){
		.op = write ? VDMA_BLK_WRITE : VDMA_BLK_READ,
		.sector = offset / VDMA_BLK_SECTOR,
		.sg = &slot->sg,
		.count = 1,
		.ctx = slot,
	};
	if (write)
		disk_fill(load->disk, offset, slot->buffer, load->len);
	else if (load->verify)
		memset(slot->buffer, 0x5a, load->len);
}

static bool load_more(const struct run *run)
{
	const struct load *load = run->load;

	if (load->until)
		return !__atomic_load_n(load->until, __ATOMIC_RELAXED);
	return run->started < load->count;
}

/* Adds as many requests as fit, and makes them available in one batch. */
static int load_fill(struct run *run)
{
	struct load *load = run->load;
	uint64_t before = run->started;
	int error = VDMA_OK;

	while (run->idle_count && load_more(run)) {
		struct slot *slot = run->idle[run->idle_count - 1];

		load_prepare(run, slot);
		error = vdma_blk_add(run->queue, &slot->req);
		if (error)
			break;
		run->idle_count--;
		run->started++;
	}
	if (run->started != before) {
		load->batches++;
		vdma_vq_kick(&run->queue->vq);
	}
	if (error == VDMA_E_NO_SPACE)
		load->no_space++;
	/* A request that completes makes room. */
	if (error == VDMA_E_FULL ||
	    (error == VDMA_E_NO_SPACE && run->started > load->done))
		return VDMA_OK;
	return error;
}

static void load_finish(struct run *run, struct vdma_blk_request *req)
{
	struct load *load = run->load;
	struct slot *slot = req->ctx;
	uint64_t offset = req->sector * VDMA_BLK_SECTOR;

	if (req->error && !load->error)
		load->error = req->error;
	if (load->verify && req->op == VDMA_BLK_READ)
		load->wrong += disk_wrong(load->disk, offset, slot->buffer,
					  load->len, load->written);
	run->idle[run->idle_count++] = slot;
	load->done++;
}

static void load_loop(struct run *run)
{
	struct load *load = run->load;
	uint64_t last = time_ns();

	load->error = load_fill(run);
	while (!load->error && (load->done < run->started || load_more(run))) {
		struct vdma_blk_request *req;
		int got = vdma_blk_get(run->queue, &req);

		if (got == 1) {
			load_finish(run, req);
			last = time_ns();
			continue;
		}
		if (got < 0)
			load->error = got;
		else if (time_ns() - last > DEVICE_LIMIT_NS)
			load->error = VDMA_E_TIMEOUT;
		else
			load->error = load_fill(run);
	}
}

void load_run(void *arg)
{
	struct load *load = arg;
	struct run run = { .load = load };
	uint64_t slots_len = load->depth * sizeof(*run.slots);
	uint64_t idle_len = load->depth * sizeof(struct slot *);
	unsigned int i;

	run.queue = &load->disk->queues[load->queue];
	run.slots = pages_get(slots_len);
	run.idle = pages_get(idle_len);
	for (i = 0; i < load->depth; i++) {
		run.slots[i].buffer = load->buffers + i * load->len;
		run.idle[run.idle_count++] = &run.slots[i];
	}
	load_loop(&run);
	pages_put(run.slots, slots_len);
	pages_put(run.idle, idle_len);
}

void load_check(struct load *load)
{
	load->buffers = pages_get(load->depth * load->len);
	load_run(load);
	report(!load->error && load->done == load->count,
	       "%lu requests of %lu bytes, up to %u at once: %s", load->done,
	       load->len, load->depth, vdma_strerror(load->error));
	report(!load->wrong, "all with the right content");
	pages_put(load->buffers, load->depth * load->len);
}
