// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cost of a 4 KiB read to the guest in each mode, with split and packed rings: hypercalls,
 * and instructions where a nanosecond is one (QEMU's -icount shift=0). The first disk has
 * no ACCESS_PLATFORM, the second has it.
 */
#include <vdma/error.h>
#include <vdma/papr.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"

#define READ_LEN	(4 * KIB)
#define DEPTH		32
#define WARM_UP		512
#define READS		4096
#define TIMED		512
#define BUFFERS		(DEPTH * READ_LEN)

struct mode {
	const char *name;
	const char *mode;
	const char *window;
	unsigned int disk;
	uint32_t reuse;
	uint64_t most;		/* hypercalls allowed for READS reads */
};

static const struct mode modes[] = {
	{ "direct", "direct", "default", 0, 0, 0 },
	{ "bypass", "bypass", "default", 1, 0, 0 },
	{ "identity", "identity", "default", 1, 0, 0 },
	{ "tce-reuse", "tce", "default", 1, 256, READS / 100 },
	{ "tce", "tce", "default", 1, 0, 2 * READS },
	{ "tce-64k", "tce", "64k", 1, 0, 2 * READS },
	{ "tce-16m", "tce", "16m", 1, 0, 2 * READS },
	{ "bounce", "bounce", "default", 1, 0, 0 },
	{ "bounce-no-f", "bounce", "default", 0, 0, 0 },
};

struct cost {
	uint64_t hypercalls;
	uint64_t instructions;
};

/* Returns the hypercalls that @count reads take. */
static uint64_t reads(struct disk *disk, char *buffers, uint64_t count)
{
	struct load load = {
		.disk = disk, .span = disk->bytes, .len = READ_LEN,
		.depth = DEPTH, .count = count, .buffers = buffers,
	};
	uint64_t before = hcalls(0);

	load_run(&load);
	if (load.error || load.done != count)
		bail_out("cannot read: %s", vdma_strerror(load.error));
	return hcalls(0) - before;
}

/*
 * Time of one read. Of polling only the look that finds the request done counts, since
 * the number of looks depends on the host.
 */
static uint64_t timed_read(struct disk *disk, struct vdma_blk_request *req)
{
	struct vdma_blk_queue *queue = &disk->queues[0];
	struct vdma_blk_request *done;
	uint64_t start = time_ns(), sum;
	int got;

	if (vdma_blk_add(queue, req) || vdma_vq_kick(&queue->vq))
		bail_out("cannot add a read");
	sum = time_ns() - start;
	do {
		start = time_ns();
		got = vdma_blk_get(queue, &done);
	} while (!got);
	sum += time_ns() - start;
	if (got < 0 || done->error)
		bail_out("cannot read");
	return sum;
}

/* Instructions of a read, on average */
static uint64_t instructions(struct disk *disk, char *buffers)
{
	struct vdma_sg sg = { .addr = (uintptr_t)buffers, .len = READ_LEN };
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = &sg,
					.count = 1 };
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TIMED; i++)
		sum += timed_read(disk, &req);
	return sum / TIMED;
}

static struct cost measure(const struct mode *mode, uint64_t ring_features)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = {
		.hv = &guest_hv, .mode = mode->mode,
		.window = mode->window, .reuse = mode->reuse,
	};
	char *buffers = pages_get(BUFFERS);
	struct disk disk;
	struct cost cost;

	config.ring_features = VDMA_F_EVENT_IDX | ring_features;
	disk_open_as(&disk, mode->disk, &plan, &config);
	reads(&disk, buffers, WARM_UP);
	cost.hypercalls = reads(&disk, buffers, READS);
	cost.instructions = instructions(&disk, buffers);
	disk_close(&disk);
	pages_put(buffers, BUFFERS);
	return cost;
}

/* No mode takes more hypercalls than allowed, and bypass costs what direct costs. */
static void ring(const char *name, uint64_t ring_features, bool counted)
{
	struct cost costs[ARRAY_SIZE(modes)];
	char metric_name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		costs[i] = measure(&modes[i], ring_features);
		format(metric_name, sizeof(metric_name), "hypercalls-%s-%s",
		       modes[i].name, name);
		metric(metric_name, "%lu / %u", costs[i].hypercalls, READS);
		report(costs[i].hypercalls <= modes[i].most,
		       "%s, %s ring: %lu hypercalls for %u reads, %lu allowed",
		       modes[i].name, name, costs[i].hypercalls, READS,
		       modes[i].most);
		if (!counted)
			continue;
		format(metric_name, sizeof(metric_name), "instructions-%s-%s",
		       modes[i].name, name);
		metric(metric_name, "%lu", costs[i].instructions);
	}
	if (counted)
		report(costs[1].instructions * 100 <=
		       costs[0].instructions * 101,
		       "bypass, %s ring: within 1 %% of direct", name);
}

/* Cost of a read in each mode, for both ring formats */
static void blk_cost(void)
{
	bool counted = arg_number("icount", 0);

	ring("split", 0, counted);
	ring("packed", VDMA_F_RING_PACKED, counted);
}

GUEST_BENCH(blk_cost, blk_cost);
