// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks that lie. Each serves as it should until it is asked for its last
 * sector alone (tests/lib/peers/vhost_user_blk.py). The runner says in faultN= what
 * disk N does then, and in errorN= what the library must call it.
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
/* The first is answered; the second makes the disk lie. */
#define HONEST		0
#define ASKS		1
#define LEN		VDMA_BLK_SECTOR
/* Each request has a buffer in the middle of so much that is nobody's. */
#define PLACE		(4 * KIB)
#define NOBODYS		0x77

struct batch {
	struct disk *disk;
	struct vdma_vq *vq;
	const char *lie;
	int expected;
	char *memory;
	struct vdma_sg sgs[REQUESTS];
	struct vdma_blk_request reqs[REQUESTS];
	unsigned int back[REQUESTS];
};

/* A word of the command line that has a number at its end. */
static const char *word(const char *name, unsigned int nth)
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
	bail_out("%s is no error of the library", name);
}

static char *buffer_of(const struct batch *batch, unsigned int i)
{
	return batch->memory + i * PLACE + PLACE / 2;
}

static uint64_t offset_of(const struct batch *batch, unsigned int i)
{
	return i == ASKS ? batch->disk->bytes - LEN : i * LEN;
}

/* Shown together, so that the disk holds all when it lies. */
static int launch(struct batch *batch)
{
	unsigned int i;
	int error = VDMA_OK;

	memset(batch->memory, NOBODYS, REQUESTS * PLACE);
	for (i = 0; !error && i < REQUESTS; i++) {
		batch->back[i] = 0;
		batch->sgs[i] = (struct vdma_sg){
			.addr = (uintptr_t)buffer_of(batch, i), .len = LEN,
		};
		batch->reqs[i] = (struct vdma_blk_request){
			.op = VDMA_BLK_READ, .sg = &batch->sgs[i], .count = 1,
			.sector = offset_of(batch, i) / VDMA_BLK_SECTOR,
		};
		error = vdma_blk_add(&batch->disk->queues[0], &batch->reqs[i]);
	}
	return error ?: vdma_vq_kick(batch->vq);
}

static void came_back(struct batch *batch, const void *token)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++)
		batch->back[i] += token == &batch->reqs[i];
}

/* How many came back before the ring said what is wrong, if anything is. */
static unsigned int land(struct batch *batch, int *error)
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
		came_back(batch, used.token);
	}
	return count;
}

/* All of memory but what was read. */
static bool untouched(const struct batch *batch, const bool answered[])
{
	uint64_t at;

	for (at = 0; at < REQUESTS * PLACE; at++) {
		unsigned int i = (unsigned int)(at / PLACE);
		const char *buffer = buffer_of(batch, i);
		const char *byte = batch->memory + at;

		if (answered[i] && byte >= buffer && byte < buffer + LEN)
			continue;
		if (*byte != NOBODYS)
			return false;
	}
	return true;
}

static bool right(const struct batch *batch, unsigned int i)
{
	return !disk_wrong(batch->disk, offset_of(batch, i),
			   buffer_of(batch, i), LEN, false);
}

static bool each_once(const struct batch *batch)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		if (batch->back[i] != 1)
			return false;
	}
	return true;
}

/* The ring goes on saying what is wrong, and does nothing else. */
static bool stays_broken(struct batch *batch)
{
	struct vdma_blk_queue *queue = &batch->disk->queues[0];
	uint16_t in_flight = batch->vq->in_flight;
	uint64_t notified = batch->vq->notified;
	struct vdma_blk_request more = batch->reqs[HONEST];
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

static void lied(struct batch *batch, unsigned int came)
{
	/* An index that lies may hide that the first was answered. */
	bool hidden = batch->expected == VDMA_E_USED_INDEX && !came;
	bool answered[REQUESTS] = { [HONEST] = true };
	void *token;

	report((came == 1 || hidden) && stays_broken(batch),
	       "%s: the ring is broken, and stays so", batch->lie);
	report(right(batch, HONEST) && untouched(batch, answered),
	       "%s: memory has the honest answer, and is else as it was",
	       batch->lie);
	report(!vdma_virtio_reset(&batch->disk->device.virtio),
	       "%s: reset", batch->lie);
	while ((token = vdma_vq_detach_unused_buf(batch->vq)))
		came_back(batch, token);
	report(each_once(batch), "%s: each buffer came back once", batch->lie);
}

static bool works(const struct batch *batch)
{
	int error = disk_do(batch->disk, 0, VDMA_BLK_READ, PLACE, batch->memory,
			    PLACE);

	return !error &&
	       !disk_wrong(batch->disk, PLACE, batch->memory, PLACE, false);
}

static void all_well(struct batch *batch)
{
	bool answered[REQUESTS] = { true, true, true, true };
	unsigned int i, wrong = 0;

	for (i = 0; i < REQUESTS; i++)
		wrong += !right(batch, i);
	report(!wrong && each_once(batch) && untouched(batch, answered),
	       "%s: all came back, with the right content", batch->lie);
	report(works(batch), "%s: and the ring goes on", batch->lie);
}

static void one_round(struct batch *batch, unsigned int nth)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = device_plan();
	unsigned int came;
	int error;

	disk_open_as(batch->disk, nth, &plan, &config);
	report(works(batch), "%s: the disk works", batch->lie);
	error = launch(batch);
	came = error ? 0 : land(batch, &error);
	report(error == batch->expected, "%s: %s", batch->lie,
	       vdma_strerror(error));
	if (batch->expected)
		lied(batch, came);
	else
		all_well(batch);
	disk_close(batch->disk);
}

static void one_disk(unsigned int nth)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = device_plan();
	struct disk disk;
	struct batch batch = {
		.disk = &disk,
		.vq = &disk.queues[0].vq,
		.lie = word("fault", nth),
		.expected = error_named(word("error", nth)),
		.memory = pages_get(REQUESTS * PLACE),
	};
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		one_round(&batch, nth);
	disk_open_as(&disk, nth, &plan, &config);
	report(works(&batch), "%s: and works after a reset",
	       batch.lie);
	disk_close(&disk);
	pages_put(batch.memory, REQUESTS * PLACE);
}

static void hostile(void)
{
	uint64_t before = pages_free();
	unsigned int n, liars = 0;

	for (n = 0; device_find(TYPE_BLK, n); n++) {
		if (!*word("fault", n))
			continue;
		one_disk(n);
		liars++;
	}
	report(liars, "%u of %u disks lie", liars, n);
	report(pages_free() == before, "all memory has come back");
}

GUEST_TEST(hostile, hostile);
