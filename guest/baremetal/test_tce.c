// SPDX-License-Identifier: GPL-2.0-or-later
/* TCE windows: accesses that must fail, and hypercalls that fail half-way */
#include <vdma/error.h>
#include <vdma/papr.h>
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/windows.h"

/* QEMU silently drops DMA of up to 4 KiB to nowhere; more than that must fail. */
#define LEN		(64 * KIB)
/* LoPAR 14.5.4.2: token and status for this test only */
#define H_GET_TCE	0x1c
#define H_HARDWARE	(-1)

static void open_disk(struct disk *disk)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = { .hv = &guest_hv, .mode = "tce",
				    .window = "default" };

	config.limit = DISK_BROKEN_NS;
	disk_open_as(disk, 0, &plan, &config);
}

/* A request that the TCEs do not allow fails, changes no memory, and is reported. */
static void must_fail(struct disk *disk, enum vdma_blk_op op, uint64_t dma,
		      const char *buffer, enum vdma_fault fault,
		      const char *what)
{
	struct vdma_sg sg = { .addr = dma, .len = LEN, .mapped = true };
	struct vdma_blk_request req = { .op = op, .sg = &sg, .count = 1 };
	int error = vdma_blk_do(&disk->queues[0], &req);
	struct vdma_audit_counts counts;

	report(error == VDMA_E_NEEDS_RESET,
	       "%s: the device fails the request: %s", what,
	       vdma_strerror(error));
	report(!buffer[0] && !buffer[LEN - 1], "%s: memory is unchanged", what);
	vdma_audit_count(&disk->device.audit, &counts);
	report(counts.faults[fault] == 1 && counts.total == 1,
	       "%s: the audit says that it %s", what, vdma_fault_text(fault));
	disk->device.expected_faults = 1;
}

/* No TCE */
static void unmapped(enum vdma_blk_op op, const char *what)
{
	char *buffer = pages_get(LEN);
	struct disk disk;

	/* At the end of the window, where the allocator has not yet been */
	open_disk(&disk);
	must_fail(&disk, op, GIB - LEN, buffer, VDMA_FAULT_NOT_MAPPED, what);
	disk_close(&disk);
	pages_put(buffer, LEN);
}

/* A TCE that was removed */
static void after_unmap(void)
{
	char *buffer = pages_get(LEN);
	struct disk disk;
	uint64_t dma = 0;

	open_disk(&disk);
	vdma_domain_map(disk.device.domain, (uintptr_t)buffer, LEN,
			VDMA_FROM_DEVICE, &dma);
	vdma_domain_unmap(disk.device.domain, dma, LEN, VDMA_FROM_DEVICE);
	must_fail(&disk, VDMA_BLK_READ, dma, buffer, VDMA_FAULT_AFTER_UNMAP,
		  "TCE removed");
	disk_close(&disk);
	pages_put(buffer, LEN);
}

/* A TCE for the other direction */
static void one_way(enum vdma_blk_op op, enum vdma_dir dir, const char *what)
{
	char *buffer = pages_get(LEN);
	struct disk disk;
	uint64_t dma = 0;
	int error;

	open_disk(&disk);
	error = vdma_domain_map(disk.device.domain, (uintptr_t)buffer, LEN, dir,
				&dma);
	report(!error, "%s: map: %s", what, vdma_strerror(error));
	must_fail(&disk, op, dma, buffer, VDMA_FAULT_DIRECTION, what);
	error = vdma_blk_stop(&disk.blk);
	report(!error, "the device can be reset: %s", vdma_strerror(error));
	vdma_domain_unmap(disk.device.domain, dma, LEN, dir);
	device_close(&disk.device);
	pages_put(disk.private_mem, disk.private_len);
	pages_put(buffer, LEN);
}

/* The device reaches only memory that its TCEs map, in their direction. */
static void tce_faults(void)
{
	unmapped(VDMA_BLK_READ, "no TCE to write through");
	unmapped(VDMA_BLK_WRITE, "no TCE to read through");
	after_unmap();
	one_way(VDMA_BLK_READ, VDMA_TO_DEVICE, "read-only TCE");
	one_way(VDMA_BLK_WRITE, VDMA_FROM_DEVICE, "write-only TCE");
}

GUEST_TEST(tce_faults, tce_faults);

/* Injects one failure: @armed, H_PUT_TCE fails after @left successful calls. */
struct failing_hv {
	unsigned int left;
	bool armed;
};

static int64_t failing_call(void *ctx, struct vdma_hcall *call)
{
	struct failing_hv *hv = ctx;

	if (hv->armed && call->opcode == VDMA_H_PUT_TCE && !hv->left--) {
		hv->armed = false;
		return H_HARDWARE;
	}
	return hcall(call);
}

static uint64_t entry(const struct vdma_tce_window *window, uint64_t index)
{
	struct vdma_hcall call = {
		.opcode = H_GET_TCE,
		.in = { window->liobn,
			window->base + (index << window->page_shift) },
	};

	return hcall(&call) ? ~0ul : call.out[0];
}

static bool all_zero(const struct vdma_tce_window *window, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++) {
		if (entry(window, i))
			return false;
	}
	return true;
}

/* One call enters 16 entries, and one clears them. */
static void at_once(struct vdma_tce_window *window, uint64_t phys)
{
	uint64_t put = hcalls(VDMA_H_PUT_TCE_INDIRECT);
	uint64_t stuff = hcalls(VDMA_H_STUFF_TCE);
	int error = vdma_tce_enter(window, 0, 16, phys, VDMA_BIDIRECTIONAL);

	report(!error && entry(window, 15) == (phys + 15 * 4096 +
					       VDMA_TCE_READ + VDMA_TCE_WRITE),
	       "16 entries at once: %s", vdma_strerror(error));
	error = vdma_tce_clear(window, 0, 16);
	report(!error && all_zero(window, 16), "cleared at once: %s",
	       vdma_strerror(error));
	report(hcalls(VDMA_H_PUT_TCE_INDIRECT) == put + 1 &&
	       hcalls(VDMA_H_STUFF_TCE) == stuff + 1,
	       "with H_PUT_TCE_INDIRECT and H_STUFF_TCE, one call each");
}

/* A failure at any page leaves no entry. */
static void fails_at(struct vdma_tce_window *window, struct failing_hv *hv,
		     char *buffer, unsigned int page)
{
	unsigned int pages = LEN >> window->page_shift;
	int error;

	hv->armed = true;
	hv->left = page;
	error = vdma_tce_enter(window, 0, pages, (uintptr_t)buffer,
			       VDMA_BIDIRECTIONAL);
	report(error == VDMA_E_TCE && all_zero(window, pages),
	       "H_PUT_TCE fails at page %u: %s, no entry is left", page,
	       vdma_strerror(error));
	hv->armed = false;
}

/* Entries are entered all or none. */
static void tce_rollback(void)
{
	const struct pci_function *pci = device_find(TYPE_BLK, 0);
	char *buffer = pages_get(2 * LEN);
	struct failing_hv failing = { .armed = false };
	struct vdma_hv_ops hv = { failing_call, &failing };
	struct vdma_tce_window window;
	struct vdma_tce_list list;
	uint64_t phys = ((uintptr_t)buffer + LEN - 1) & -LEN;
	int error;

	window_default(pci, &hv, &window);
	list = window.list;
	at_once(&window, phys);
	/* One by one, as on a hypervisor without H_PUT_TCE_INDIRECT. */
	window.list.cpu = NULL;
	fails_at(&window, &failing, (char *)phys, 0);
	fails_at(&window, &failing, (char *)phys, 7);
	fails_at(&window, &failing, (char *)phys, 15);
	error = vdma_tce_enter(&window, 0, 16, phys, VDMA_TO_DEVICE);
	report(!error && entry(&window, 15) ==
	       (phys + 15 * 4096 + VDMA_TCE_READ),
	       "without a failure all entries are there: %s",
	       vdma_strerror(error));
	error = vdma_tce_clear(&window, 0, 16);
	report(!error && all_zero(&window, 16), "clear: %s",
	       vdma_strerror(error));
	pages_put(list.cpu, 4096);
	pages_put(buffer, 2 * LEN);
}

GUEST_TEST(tce_rollback, tce_rollback);
