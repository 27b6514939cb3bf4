// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings that wrap, and several rings on several CPUs */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/smp.h"

/* More than a ring index of 16 bits counts */
#define WRAP_REQUESTS	70001

/* Requests go on when the ring's indexes wrap; no more notifications than batches. */
static void blk_wrap(void)
{
	struct vdma_blk_config config = disk_config();
	struct load load = {
		.len = VDMA_BLK_SECTOR,
		.depth = 64,
		.count = arg_number("requests", WRAP_REQUESTS),
		.verify = true,
	};
	struct disk disk;

	disk_open(&disk, &config);
	load.disk = &disk;
	load.span = disk.bytes / 2;
	load_check(&load);
	report(disk.queues[0].vq.notified <= load.batches,
	       "%lu notifications for %lu batches",
	       disk.queues[0].vq.notified, load.batches);
	disk_close(&disk);
}

GUEST_TEST(blk_wrap, blk_wrap);

/* CPUs do not disturb each other: each has a queue and a part of the disk. */
static void blk_smp(void)
{
	struct vdma_blk_config config = disk_config();
	struct load loads[DISK_QUEUES] = { 0 };
	unsigned int cpus = config.queues, i;
	uint64_t len = 4 * KIB, bytes = 32 * len, part;
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = disk_write_half(&disk);
	report(!error, "the second half is written: %s", vdma_strerror(error));
	part = disk.bytes / 2 / cpus;
	for (i = 0; i < cpus; i++)
		loads[i] = (struct load){
			.disk = &disk, .queue = i,
			.first = disk.bytes / 2 + i * part, .span = part,
			.written = true, .len = len, .depth = 32,
			.count = arg_number("requests", 3000),
			.write_every = 3, .verify = true,
			.buffers = pages_get(bytes),
		};
	cpu_run(cpus, load_run, loads, sizeof(loads[0]));
	for (i = 0; i < cpus; i++) {
		report(!loads[i].error && loads[i].done == loads[i].count,
		       "CPU %u: %lu reads and writes: %s", i, loads[i].done,
		       vdma_strerror(loads[i].error));
		report(!loads[i].wrong, "CPU %u: the right content", i);
		pages_put(loads[i].buffers, bytes);
	}
	disk_close(&disk);
}

GUEST_TEST(blk_smp, blk_smp);
