// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One CPU opens and closes windows while the others do verified I/O on a disk of the same
 * PHB: the disk's mappings must stay reachable at any instant.
 */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/smp.h"
#include "lib/windows.h"

#define LEN	(4 * KIB)
#define DEPTH	16

struct toggler {
	struct disk *disk;
	const struct pci_function *other;
	uint64_t rounds;	/* minimum */
	uint64_t until_ns;	/* earliest end */
	bool windows;
	uint32_t done;
	uint64_t enabled;
	uint64_t made;
	int error;
};

/* The first CPU toggles, the others load the disk. */
struct job {
	struct toggler *toggler;
	struct load load;
};

/* The disk's own bypass window opens in any mode but direct, and stays open. */
static void own(struct toggler *t)
{
	const struct pci_function *pci = t->disk->device.pci;
	struct vdma_window window;
	struct vdma_bypass reply;

	pci_bypass_property(pci, &window);
	if (t->disk->device.mode == VDMA_MODE_DIRECT) {
		/* The device ignores the IOMMU. */
		if (vdma_bypass_enable(&guest_hv, &pci->fn, &window,
				       &reply) != VDMA_E_REFUSED)
			t->error = VDMA_E_DISAGREES;
		return;
	}
	t->error |= vdma_bypass_enable(&guest_hv, &pci->fn, &window, &reply);
	/* The device is live. */
	if (vdma_bypass_disable(&guest_hv, &pci->fn, &reply) != VDMA_E_BUSY)
		t->error = VDMA_E_DISAGREES;
}

/* Another device's bypass window opens and closes: it has no driver. */
static void others(struct toggler *t)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	pci_bypass_property(t->other, &window);
	t->error |= vdma_bypass_enable(&guest_hv, &t->other->fn, &window,
				       &reply);
	t->enabled += reply.enabled;
	t->error |= vdma_bypass_disable(&guest_hv, &t->other->fn, &reply);
}

/* A dynamic window is created, used and removed. */
static void dynamic(struct toggler *t, uint64_t round)
{
	static const uint8_t shifts[] = { 12, 16, 21, 24 };
	struct vdma_rtas rtas = window_rtas(t->disk->device.pci);
	struct vdma_tce_window window = { .hv = &guest_hv };

	t->error |= vdma_ddw_create(&rtas, &t->disk->device.pci->fn,
				    shifts[round % ARRAY_SIZE(shifts)], GIB,
				    &window);
	t->error |= vdma_tce_enter(&window, 0, 2, 0, VDMA_BIDIRECTIONAL);
	t->error |= vdma_ddw_remove(&rtas, &window);
	t->made++;
}

static void toggle(struct toggler *t)
{
	uint64_t i;

	for (i = 0; !t->error && (i < t->rounds || time_ns() < t->until_ns);
	     i++) {
		own(t);
		others(t);
		if (t->windows)
			dynamic(t, i);
	}
	__atomic_store_n(&t->done, 1, __ATOMIC_RELAXED);
}

static void work(void *arg)
{
	struct job *job = arg;

	if (job->toggler)
		toggle(job->toggler);
	else
		load_run(&job->load);
}

static void begin(struct job *job, struct toggler *t, unsigned int queue)
{
	struct disk *disk = t->disk;
	uint64_t part = disk->bytes / 2 / DISK_QUEUES;

	job->load = (struct load){
		.disk = disk, .queue = queue,
		.first = disk->bytes / 2 + queue * part, .span = part,
		.written = true, .len = LEN, .depth = DEPTH,
		.until = &t->done, .write_every = 3, .verify = true,
		.buffers = pages_get(DEPTH * LEN),
	};
}

static void end(struct job *job, unsigned int queue)
{
	const struct load *load = &job->load;

	report(!load->error && !load->wrong && load->done,
	       "queue %u: %lu reads and writes, %lu words wrong: %s", queue,
	       load->done, load->wrong, vdma_strerror(load->error));
	metric("requests", "%lu", load->done);
	pages_put(load->buffers, DEPTH * LEN);
}

/* No request fails or reads wrong data while windows come and go. */
static void toggling(void)
{
	struct vdma_blk_config config = disk_config();
	struct job jobs[1 + DISK_QUEUES] = { 0 };
	struct toggler t = {
		.rounds = arg_number("rounds", 1000),
		.other = device_find(TYPE_RNG, 0),
	};
	struct disk disk;
	uint64_t seconds = arg_number("seconds", 0);
	unsigned int i;

	disk_open(&disk, &config);
	report(!disk_write_half(&disk), "the second half is written");
	t.disk = &disk;
	/* QEMU has one dynamic window, which mode identity uses. */
	t.windows = disk.device.mode != VDMA_MODE_IDENTITY;
	jobs[0].toggler = &t;
	for (i = 0; i < config.queues; i++)
		begin(&jobs[1 + i], &t, i);
	if (seconds)
		t.until_ns = time_ns() + seconds * NS_PER_SECOND;
	cpu_run(1 + config.queues, work, jobs, sizeof(jobs[0]));
	report(!t.error, "%lu toggles, %lu dynamic windows: %s", t.enabled,
	       t.made, vdma_strerror(t.error));
	metric("toggles", "%lu", t.enabled);
	for (i = 0; i < config.queues; i++)
		end(&jobs[1 + i], i);
	disk_close(&disk);
}

GUEST_TEST(toggling, toggling);
