// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault injection. Each disk works until a request asks for its last sector alone
 * (tests/lib/peers/vhost_user_blk.py). Then disk N injects the fault faultN=, and the library
 * must return the error errorN=.
 */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/disk.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define ROUNDS		3
#define REQUESTS	4
/* The first request succeeds; the second triggers the fault. */
#define REQ_GOOD	0
#define REQ_FAULT	1
#define LEN		VDMA_BLK_SECTOR
/* Each buffer lies in the middle of a place that is filled with the canary. */
#define PLACE		(4 * KIB)
#define CANARY		0x77

struct batch {
	struct disk *disk;
	struct vdma_vq *vq;
	const char *fault;
	int expected;
	char *memory;
	struct vdma_sg sgs[REQUESTS];
	struct vdma_blk_request reqs[REQUESTS];
	unsigned int completed[REQUESTS];
};

/* Value of NAME with a number at its end on the command line */
static const char *numbered_arg(const char *name, unsigned int nth)
{
	char numbered[16];

	format(numbered, sizeof(numbered), "%s%u", name, nth);
	return arg(numbered, "");
}

static int error_named(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
#define NAMED(name, number, text) { #name, number },
		VDMA_ERRORS(NAMED)
#undef NAMED
	};
	size_t i;

	if (!*name)
		return VDMA_OK;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		if (!strcmp(errors[i].name, name))
			return errors[i].error;
	}
	bail_out("error=%s: unknown error", name);
}

static char *request_buffer(const struct batch *batch, unsigned int i)
{
	return batch->memory + i * PLACE + PLACE / 2;
}

static uint64_t request_offset(const struct batch *batch, unsigned int i)
{
	return i == REQ_FAULT ? batch->disk->bytes - LEN : i * LEN;
}

/* Makes all requests available at once, so that the disk has all when it fails. */
static int submit(struct batch *batch)
{
	unsigned int i;
	int error = VDMA_OK;

	memset(batch->memory, CANARY, REQUESTS * PLACE);
	for (i = 0; !error && i < REQUESTS; i++) {
		batch->completed[i] = 0;
		batch->sgs[i] = (struct vdma_sg){
			.addr = (uintptr_t)request_buffer(batch, i), .len = LEN,
		};
		batch->reqs[i] = (struct vdma_blk_request){
			.op = VDMA_BLK_READ, .sg = &batch->sgs[i], .count = 1,
			.sector = request_offset(batch, i) / VDMA_BLK_SECTOR,
		};
		error = vdma_blk_add(&batch->disk->queues[0], &batch->reqs[i]);
	}
	return error ?: vdma_vq_kick(batch->vq);
}

static void complete(struct batch *batch, const void *token)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++)
		batch->completed[i] += token == &batch->reqs[i];
}

/* Returns how many requests completed, up to the ring's error if there is one. */
static unsigned int reap(struct batch *batch, int *error)
{
	uint64_t limit = batch->expected == VDMA_E_TIMEOUT ? DISK_BROKEN_NS :
			 DEVICE_LIMIT_NS;
	struct vdma_vq_used used;
	unsigned int count;

	*error = VDMA_OK;
	for (count = 0; count < REQUESTS; count++) {
		*error = vdma_vq_wait(batch->vq, &used, &guest_clock, limit);
		if (*error)
			break;
		complete(batch, used.token);
	}
	return count;
}

/* Is memory unchanged, except for the buffers of requests that succeeded? */
static bool untouched(const struct batch *batch, const bool succeeded[])
{
	uint64_t at;

	for (at = 0; at < REQUESTS * PLACE; at++) {
		unsigned int i = (unsigned int)(at / PLACE);
		const char *buffer = request_buffer(batch, i);
		const char *byte = batch->memory + at;

		if (succeeded[i] && byte >= buffer && byte < buffer + LEN)
			continue;
		if (*byte != CANARY)
			return false;
	}
	return true;
}

/* Has request @i read the disk's content? */
static bool right(const struct batch *batch, unsigned int i)
{
	return !disk_wrong(batch->disk, request_offset(batch, i),
			   request_buffer(batch, i), LEN, false);
}

/* Has each request completed exactly once? */
static bool each_once(const struct batch *batch)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		if (batch->completed[i] != 1)
			return false;
	}
	return true;
}

/* A broken ring returns its error from every call, and does nothing else. */
static bool stays_broken(struct batch *batch)
{
	struct vdma_blk_queue *queue = &batch->disk->queues[0];
	uint16_t in_flight = batch->vq->in_flight;
	uint64_t notified = batch->vq->notified;
	struct vdma_blk_request more = batch->reqs[REQ_GOOD];
	struct vdma_vq_used used;
	int error = batch->expected;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (vdma_vq_get_buf(batch->vq, &used) != error ||
		    vdma_blk_add(queue, &more) != error ||
		    vdma_vq_kick(batch->vq) != error)
			return false;
	}
	return batch->vq->error == error && batch->vq->in_flight == in_flight &&
	       batch->vq->notified == notified;
}

/* After a fault the ring is broken, memory intact, and no buffer lost. */
static void check_broken(struct batch *batch, unsigned int count)
{
	/* A wrong index may hide that the first request has succeeded. */
	bool hidden = batch->expected == VDMA_E_USED_INDEX && !count;
	bool succeeded[REQUESTS] = { [REQ_GOOD] = true };
	void *token;

	report((count == 1 || hidden) && stays_broken(batch),
	       "%s: the ring is broken and stays so", batch->fault);
	report(right(batch, REQ_GOOD) && untouched(batch, succeeded),
	       "%s: the good request has its data, other memory is unchanged",
	       batch->fault);
	report(!vdma_virtio_reset(&batch->disk->device.virtio),
	       "%s: reset", batch->fault);
	while ((token = vdma_vq_detach_unused_buf(batch->vq)))
		complete(batch, token);
	report(each_once(batch), "%s: each buffer is returned once",
	       batch->fault);
}

static bool works(const struct batch *batch)
{
	int error = disk_do(batch->disk, 0, VDMA_BLK_READ, PLACE, batch->memory,
			    PLACE);

	return !error &&
	       !disk_wrong(batch->disk, PLACE, batch->memory, PLACE, false);
}

/* A fault without an error leaves memory intact, and the ring works. */
static void check_working(struct batch *batch)
{
	bool succeeded[REQUESTS] = { true, true, true, true };
	unsigned int i, wrong = 0;

	for (i = 0; i < REQUESTS; i++)
		wrong += !right(batch, i);
	report(!wrong && each_once(batch) && untouched(batch, succeeded),
	       "%s: all completed, with the right content", batch->fault);
	report(works(batch), "%s: the ring still works", batch->fault);
}

/* A disk works, then injects its fault, which is detected and harmless. */
static void one_round(struct batch *batch, unsigned int nth)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = device_plan();
	unsigned int count;
	int error;

	disk_open_as(batch->disk, nth, &plan, &config);
	report(works(batch), "%s: the disk works", batch->fault);
	error = submit(batch);
	count = error ? 0 : reap(batch, &error);
	report(error == batch->expected, "%s: %s", batch->fault,
	       vdma_strerror(error));
	if (batch->expected)
		check_broken(batch, count);
	else
		check_working(batch);
	disk_close(batch->disk);
}

/* The fault can be repeated, and a reset ends it. */
static void one_disk(unsigned int nth)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = device_plan();
	struct disk disk;
	struct batch batch = {
		.disk = &disk,
		.vq = &disk.queues[0].vq,
		.fault = numbered_arg("fault", nth),
		.expected = error_named(numbered_arg("error", nth)),
		.memory = pages_get(REQUESTS * PLACE),
	};
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		one_round(&batch, nth);
	disk_open_as(&disk, nth, &plan, &config);
	report(works(&batch), "%s: the disk works after a reset",
	       batch.fault);
	disk_close(&disk);
	pages_put(batch.memory, REQUESTS * PLACE);
}

/* Each fault of a device is named, harms no memory, and ends with a reset. */
static void hostile(void)
{
	uint64_t before = pages_free();
	unsigned int n, faulty = 0;

	for (n = 0; device_find(TYPE_BLK, n); n++) {
		if (!*numbered_arg("fault", n))
			continue;
		one_disk(n);
		faulty++;
	}
	report(faulty, "%u of %u disks are faulty", faulty, n);
	report(pages_free() == before, "all memory is free again");
}

GUEST_TEST(hostile, hostile);
