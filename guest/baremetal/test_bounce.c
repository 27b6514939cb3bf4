// SPDX-License-Identifier: GPL-2.0-or-later
/* Mode bounce: a pool that is too small, and a device that has none. */
#include <vdma/error.h>

#include "decide.h"
#include "ktap.h"
#include "load.h"

/* More at once than the pool holds: what finds no room waits, nothing fails. */
static void bounce_full(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_bounce_counts counts;
	struct load load = {
		.len = 16 * KIB, .depth = 40, .count = 3000,
		.written = true, .write_every = 3, .verify = true,
	};
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = disk_write_half(&disk);
	report(!error, "the second half is written: %s", vdma_strerror(error));
	load.disk = &disk;
	load.first = disk.bytes / 2;
	load.span = disk.bytes / 2;
	load.buffers = pages_get(load.depth * load.len);
	load_run(&load);
	report(!load.error && load.done == load.count,
	       "%lu reads and writes of 16 KiB, %u at once: %s", load.done,
	       load.depth, vdma_strerror(load.error));
	report(!load.wrong, "all with the right content");
	vdma_bounce_count(&disk.device.bounce, &counts);
	report(load.no_space && counts.full >= load.no_space,
	       "%lu times there was no room", counts.full);
	report(counts.used_max <= bounce_size(&disk.device.plan),
	       "%lu bytes of the pool were in use at most", counts.used_max);
	pages_put(load.buffers, load.depth * load.len);
	disk_close(&disk);
}

GUEST_TEST(bounce_full, bounce_full);

/* A device that is left alone: no memory for it, and the reason. */
static void refused(void)
{
	const char *reason = arg("reason", "?");
	struct device_plan plan = device_plan();
	struct vdma_memory mem;
	struct device device;
	uint64_t dma;

	device_open(&device, TYPE_BLK, 0, &plan);
	report(device.decision.mode == VDMA_MODE_REFUSE &&
	       !strcmp(vdma_reason_name(device.decision.reason), reason),
	       "refused: %s", vdma_reason_name(device.decision.reason));
	report(vdma_domain_map(device.domain, (uintptr_t)&mem, 1,
			       VDMA_TO_DEVICE, &dma) == VDMA_E_REFUSED_MODE,
	       "nothing can be mapped");
	report(vdma_domain_alloc(device.domain, 4096, &mem) ==
	       VDMA_E_REFUSED_MODE, "there is no memory for a ring");
	report(!guest_secure.shares, "no page was shared");
	device_close(&device);
}

GUEST_TEST(refused, refused);
