// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cost of bouncing to a secure VM: no hypercall or ultracall per request, and one copy of
 * each byte; and the cost of clearing a buffer that the device has not filled.
 */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/ultravisor.h"

#define DEPTH		32
#define REQUESTS	4096
#define SMALL_LEN	(4 * KIB)
#define LARGE_LEN	(128 * KIB)

struct cost {
	uint64_t calls;
	uint64_t in;
	uint64_t out;
};

static struct cost run_requests(struct disk *disk, char *buffers, uint64_t len,
				uint64_t count, bool write)
{
	struct load load = {
		.disk = disk, .first = disk->bytes / 2, .span = disk->bytes / 2,
		.written = true, .len = len,
		.depth = (unsigned int)MIN(DEPTH, MIB / len),
		.count = count, .write_every = write, .buffers = buffers,
	};
	struct vdma_bounce_counts before, after;
	uint64_t calls = hcalls(0) + ucalls();

	vdma_bounce_count(&disk->device.bounce, &before);
	load_run(&load);
	if (load.error || load.done != count)
		bail_out("cannot %s: %s", write ? "write" : "read",
			 vdma_strerror(load.error));
	vdma_bounce_count(&disk->device.bounce, &after);
	return (struct cost){
		.calls = hcalls(0) + ucalls() - calls,
		.in = after.in - before.in, .out = after.out - before.out,
	};
}

/* A request makes no call, and copies each byte once. */
static void measure(struct disk *disk, char *buffers, uint64_t len, bool write)
{
	const char *what = write ? "write" : "read";
	uint64_t count = REQUESTS * SMALL_LEN / len, bytes = count * len;
	struct cost cost = run_requests(disk, buffers, len, count, write);
	uint64_t right = write ? cost.in : cost.out;
	uint64_t other = write ? cost.out : cost.in;
	char name[64];

	format(name, sizeof(name), "calls-%s-%lu", what, len);
	metric(name, "%lu / %lu", cost.calls, count);
	format(name, sizeof(name), "copied-%s-%lu", what, len);
	metric(name, "%lu / %lu", right + other, bytes);
	report(!cost.calls, "%s of %lu KiB: no hypercall and no ultracall",
	       what, len / KIB);
	report(right == bytes && !other, "%s of %lu KiB: each byte copied once",
	       what, len / KIB);
}

#define FRAME_LEN	1526
#define FRAMES		256

/* Instructions per receive buffer when the device writes @wrote bytes of it */
static uint64_t receive(struct vdma_bounce *b, void *buffer, uint32_t wrote)
{
	uint64_t dma, start = time_ns();
	unsigned int i;

	for (i = 0; i < FRAMES; i++) {
		if (vdma_bounce_map(b, (uintptr_t)buffer, FRAME_LEN,
				    VDMA_FROM_DEVICE, 0, 0, &dma))
			bail_out("cannot map a buffer");
		memset((char *)b->shared.mem.cpu + (dma - b->shared.mem.dma), 1,
		       wrote);
		vdma_bounce_unmap(b, dma, FRAME_LEN, VDMA_FROM_DEVICE, 0, 0);
	}
	return (time_ns() - start) / FRAMES;
}

/* Exactly the part of a receive buffer that was not written is cleared. */
static void short_frames(struct disk *disk, void *buffer)
{
	static const uint32_t wrote[] = { 64, 512, FRAME_LEN };
	struct vdma_bounce *b = &disk->device.bounce;
	struct vdma_bounce_counts before, after;
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrote); i++) {
		uint64_t instructions, cleared;

		vdma_bounce_count(b, &before);
		instructions = receive(b, buffer, wrote[i]);
		vdma_bounce_count(b, &after);
		cleared = (after.cleared - before.cleared) / FRAMES;
		format(name, sizeof(name), "cleared-%u-of-%u", wrote[i],
		       FRAME_LEN);
		metric(name, "%lu", cleared);
		/* One more word is copied after those written. */
		report(cleared + MIN(wrote[i] + 8, FRAME_LEN) == FRAME_LEN,
		       "%u of %u bytes written: %lu are cleared", wrote[i],
		       FRAME_LEN, cleared);
		format(name, sizeof(name), "instructions-%u-of-%u", wrote[i],
		       FRAME_LEN);
		if (arg_number("icount", 0))
			metric(name, "%lu", instructions);
	}
}

/* Cost of requests and of receive buffers through the pool */
static void bounce_cost(void)
{
	struct vdma_blk_config config = disk_config();
	char *buffers = pages_get(MIB);
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = disk_write_half(&disk);
	if (error)
		bail_out("cannot write the disk: %s", vdma_strerror(error));
	measure(&disk, buffers, SMALL_LEN, false);
	measure(&disk, buffers, LARGE_LEN, false);
	measure(&disk, buffers, SMALL_LEN, true);
	measure(&disk, buffers, LARGE_LEN, true);
	short_frames(&disk, buffers);
	disk_close(&disk);
	pages_put(buffers, MIB);
}

GUEST_BENCH(bounce_cost, bounce_cost);
