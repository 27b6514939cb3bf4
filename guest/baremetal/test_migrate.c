// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verified I/O until the host stops it. Meanwhile the host migrates the machine to another
 * QEMU and back (tests/live/test_migrate.py).
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/control.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/smp.h"
#include "lib/windows.h"

#define LEN		(4 * KIB)
#define DEPTH		16
#define POLL_NS		20000000ull
#define SHIFT		16
#define ENTRY		5

struct job {
	struct disk *control;
	uint32_t *stop;
	struct load load;
};

/* The first CPU waits for the host to stop the test, the others load the disk. */
static void work(void *arg)
{
	struct job *job = arg;

	if (!job->control) {
		load_run(&job->load);
		return;
	}
	while (!control_wants_stop(job->control)) {
		uint64_t next = time_ns() + POLL_NS;

		while (time_ns() < next)
			guest_clock.relax(NULL);
	}
	__atomic_store_n(job->stop, 1, __ATOMIC_RELAXED);
}

static struct load queue_load(struct disk *disk, unsigned int queue,
			      const uint32_t *stop)
{
	uint64_t part = disk->bytes / 2 / DISK_QUEUES;

	return (struct load){
		.disk = disk, .queue = queue,
		.first = disk->bytes / 2 + queue * part, .span = part,
		.written = true, .len = LEN, .depth = DEPTH, .until = stop,
		.write_every = 3, .verify = true,
		.buffers = pages_get(DEPTH * LEN),
	};
}

static bool bypass_is(const struct disk *disk, bool enabled)
{
	struct vdma_bypass reply;
	int error = vdma_bypass_query(&guest_hv, &disk->device.pci->fn,
				      &reply);

	return error ? !enabled : reply.enabled == enabled;
}

/* No request fails or reads wrong data during migrations, and bypass stays as it was. */
static void migrating(void)
{
	struct vdma_blk_config config = disk_config();
	struct job jobs[1 + DISK_QUEUES] = { 0 };
	struct disk disk, control;
	uint32_t stop = 0;
	bool bypass;
	unsigned int i;

	disk_open(&disk, &config);
	bypass = disk.device.mode == VDMA_MODE_BYPASS;
	control_open(&control);
	report(!disk_write_half(&disk), "the second half is written");
	jobs[0].control = &control;
	jobs[0].stop = &stop;
	for (i = 0; i < config.queues; i++)
		jobs[1 + i].load = queue_load(&disk, i, &stop);
	diag("at work");
	cpu_run(1 + config.queues, work, jobs, sizeof(jobs[0]));
	for (i = 0; i < config.queues; i++) {
		struct load *load = &jobs[1 + i].load;

		report(!load->error && !load->wrong && load->done,
		       "queue %u: %lu reads and writes, %lu words wrong: %s",
		       i, load->done, load->wrong, vdma_strerror(load->error));
		metric("requests", "%lu", load->done);
		pages_put(load->buffers, DEPTH * LEN);
	}
	report(bypass_is(&disk, bypass), "bypass is as it was");
	disk_close(&control);
	disk_close(&disk);
}

GUEST_TEST(migrating, migrating);

/*
 * A window in place of the default one has as many TCEs, for larger pages; after a migration
 * the device finds its memory through it.
 */
static void migrating_window(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window all, window = { .hv = &guest_hv };
	const uint64_t page = 1ul << SHIFT;
	char *buffer = pages_get_aligned(page, page);
	struct disk disk, control;
	struct vdma_rtas rtas;
	uint64_t dma;
	int error;

	disk_open(&disk, &config);
	control_open(&control);
	rtas = window_rtas(disk.device.pci);
	window_default(disk.device.pci, &guest_hv, &all);
	error = vdma_ddw_remove(&rtas, &all);
	error |= vdma_ddw_create(&rtas, &disk.device.pci->fn, SHIFT,
				 all.pages << SHIFT, &window);
	error |= vdma_tce_enter(&window, ENTRY, 1, (uintptr_t)buffer,
				VDMA_BIDIRECTIONAL);
	report(!error && window.liobn == all.liobn, "another window: %s",
	       vdma_strerror(error));
	dma = window.base + ENTRY * page;
	vdma_audit_map(&disk.device.audit, dma, page, VDMA_BIDIRECTIONAL,
		       "window");
	diag("at work");
	while (!control_wants_stop(&control))
		;
	error = private_do(&disk, VDMA_BLK_READ, 0, dma);
	report(!error && !disk_wrong(&disk, 0, buffer, VDMA_BLK_SECTOR, false),
	       "a read through it: %s", vdma_strerror(error));
	vdma_audit_unmap(&disk.device.audit, dma, page, VDMA_BIDIRECTIONAL,
			 "window");
	error = vdma_ddw_reset(&rtas, &disk.device.pci->fn);
	report(!error, "reset: %s", vdma_strerror(error));
	disk_close(&control);
	disk_close(&disk);
	pages_put(all.list.cpu, 4096);
	pages_put(buffer, page);
}

GUEST_TEST(migrating_window, migrating_window);
