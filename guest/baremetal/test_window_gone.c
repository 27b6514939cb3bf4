// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk reads into a window that another CPU creates and removes: data may get lost, but
 * nothing else may happen.
 */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/smp.h"
#include "lib/windows.h"

#define SHIFT	12
#define LEN	(64 * KIB)

struct window_gone {
	struct disk disk;
	char *memory;
	uint64_t base;
	uint64_t rounds;
	uint32_t done;
	uint64_t made;
	uint64_t reads;
	int toggle_error;
	int read_error;
};

/* The first CPU creates and removes windows, the other reads. */
struct job {
	struct window_gone *test;
	bool reads;
};

static int make(struct window_gone *t, struct vdma_tce_window *window)
{
	const struct pci_function *pci = t->disk.device.pci;
	struct vdma_rtas rtas = window_rtas(pci);
	int error = vdma_ddw_create(&rtas, &pci->fn, SHIFT, LEN, window);

	if (!error)
		error = vdma_tce_enter(window, 0, LEN >> SHIFT,
				       (uintptr_t)t->memory, VDMA_BIDIRECTIONAL);
	return error;
}

static int make_and_remove(struct window_gone *t)
{
	struct vdma_rtas rtas = window_rtas(t->disk.device.pci);
	struct vdma_tce_window window = { .hv = &guest_hv,
					  .list = window_list() };
	int error = make(t, &window);

	t->base = window.base;
	if (!error)
		error = vdma_ddw_remove(&rtas, &window);
	pages_put(window.list.cpu, 4096);
	return error;
}

static void toggle(struct window_gone *t)
{
	for (; !t->toggle_error && t->made < t->rounds; t->made++)
		t->toggle_error = make_and_remove(t);
	__atomic_store_n(&t->done, 1, __ATOMIC_RELAXED);
}

static void read_on(struct window_gone *t)
{
	struct vdma_sg sg = { .len = VDMA_BLK_SECTOR, .mapped = true };
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = &sg,
					.count = 1 };
	uint64_t base = t->base;

	while (!t->read_error && !__atomic_load_n(&t->done, __ATOMIC_RELAXED)) {
		sg.addr = base + t->reads % (LEN / sg.len) * sg.len;
		t->read_error = vdma_blk_do(&t->disk.queues[0], &req);
		t->reads++;
	}
}

static void work(void *arg)
{
	struct job *job = arg;

	if (job->reads)
		read_on(job->test);
	else
		toggle(job->test);
}

/* Removing a window under DMA harms neither the device nor other memory. */
static void window_gone(void)
{
	struct vdma_blk_config config = disk_config();
	struct window_gone t = { .rounds = arg_number("rounds", 1000) };
	struct job jobs[] = { { .test = &t }, { .test = &t, .reads = true } };
	struct device *device = &t.disk.device;
	int error;

	disk_open(&t.disk, &config);
	t.memory = pages_get(LEN);
	error = make_and_remove(&t);
	report(!error, "create and remove a window: %s", vdma_strerror(error));
	vdma_audit_map(&device->audit, t.base, LEN, VDMA_BIDIRECTIONAL, "gone");
	cpu_run(ARRAY_SIZE(jobs), work, jobs, sizeof(jobs[0]));
	vdma_audit_unmap(&device->audit, t.base, LEN, VDMA_BIDIRECTIONAL,
			 "gone");
	report(!t.toggle_error, "%lu windows created and removed: %s", t.made,
	       vdma_strerror(t.toggle_error));
	report(!t.read_error && t.reads, "%lu reads meanwhile: %s", t.reads,
	       vdma_strerror(t.read_error));
	error = disk_do(&t.disk, 0, VDMA_BLK_READ, 0, t.memory, LEN);
	report(!error && !disk_wrong(&t.disk, 0, t.memory, LEN, false),
	       "the disk works: %s", vdma_strerror(error));
	disk_close(&t.disk);
	pages_put(t.memory, LEN);
}

GUEST_TEST(window_gone, window_gone);
