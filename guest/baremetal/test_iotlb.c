// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invalidation of translations that a back end caches. The runner serves the disk and
 * records QEMU's messages (tests/lib/peers/vhost_user_iotlb.py); the metrics "gone" list the
 * invalidations that it must have received, in order and each once.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/private.h"
#include "lib/ultravisor.h"
#include "lib/windows.h"

/* Virtio 1.2, 5.1.3 */
#define NET_F_CTRL_VQ	(1ull << 17)
#define NET_F_MQ	(1ull << 22)

#define LEN	(4 * KIB)
#define DEPTH	16

/* A window for each page size, far larger than memory */
static const struct {
	uint8_t page_shift;
	uint8_t size_shift;
} windows[] = {
	{ 12, 31 }, { 16, 36 }, { 21, 40 }, { 24, 43 },
};

/* Tells the runner to expect an invalidation. */
static void gone(uint64_t base, uint64_t size)
{
	metric("gone", "0x%lx 0x%lx", base, size);
}

/* A read of the disk returns its content. */
static void works(struct disk *disk, const char *when)
{
	static uint64_t at;
	char *buffer = pages_get(LEN);
	uint64_t offset = at++ % 64 * LEN;
	int error = disk_do(disk, 0, VDMA_BLK_READ, offset, buffer, LEN);

	report(!error && !disk_wrong(disk, offset, buffer, LEN, false),
	       "%s, the disk works: %s", when, vdma_strerror(error));
	pages_put(buffer, LEN);
}

/* Of single entries, exactly those that were mapped before are invalidated. */
static void entries(struct vdma_tce_window *window)
{
	uint64_t page = 1ul << window->page_shift;
	uint64_t last = window->pages - 1;
	int error = VDMA_OK;

	error |= vdma_tce_enter(window, 2, 3, 0, VDMA_BIDIRECTIONAL);
	error |= vdma_tce_enter(window, last, 1, 0, VDMA_TO_DEVICE);
	/* One message for both. */
	error |= vdma_tce_clear(window, 0, 4);
	gone(window->base + 2 * page, 2 * page);
	error |= vdma_tce_clear(window, 0, 4);
	/* An entry that is replaced without being cleared counts as well. */
	error |= vdma_tce_enter(window, last, 1, page, VDMA_TO_DEVICE);
	gone(window->base + last * page, page);
	report(!error, "pages of 2^%u bytes: entries are entered, replaced and cleared",
	       window->page_shift);
}

/* Removing a window invalidates all of it. */
static void come_and_go(struct disk *disk, size_t i, bool used)
{
	const struct pci_function *pci = disk->device.pci;
	struct vdma_tce_window window = { .hv = &guest_hv };
	struct vdma_rtas rtas = window_rtas(pci);
	uint64_t size = 1ul << windows[i].size_shift;
	int error = vdma_ddw_create(&rtas, &pci->fn, windows[i].page_shift,
				    size, &window);

	report(!error, "a window of 0x%lx bytes: %s", size,
	       vdma_strerror(error));
	if (used)
		entries(&window);
	works(disk, "with the window");
	error = vdma_ddw_remove(&rtas, &window);
	gone(window.base, size);
	report(!error, "the window is removed: %s", vdma_strerror(error));
	works(disk, "without the window");
}

/* A disk in mode bypass works while windows are created, removed and reset. */
static void iotlb_windows(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window all = { .hv = &guest_hv };
	struct vdma_rtas rtas;
	struct disk disk;
	size_t i;
	int error;

	disk_open(&disk, &config);
	rtas = window_rtas(disk.device.pci);
	works(&disk, "at first");
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		come_and_go(&disk, i, false);
		come_and_go(&disk, i, true);
	}
	error = vdma_ddw_create(&rtas, &disk.device.pci->fn, 24, GIB, &all);
	error |= vdma_ddw_reset(&rtas, &disk.device.pci->fn);
	gone(0, GIB);
	gone(all.base, GIB);
	report(!error, "all windows are reset");
	works(&disk, "after the reset");
	/* When the device stops, all that it could reach is invalidated. */
	gone(0, GIB);
	gone(1ul << VDMA_BYPASS_WINDOW_SHIFT, memory_end());
	disk_close(&disk);
}

GUEST_TEST(iotlb_windows, iotlb_windows);

/*
 * A system reset invalidates all windows of a running disk. The program runs twice; the
 * disk's second half tells the second run.
 */
static void iotlb_reset(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window window = { .hv = &guest_hv };
	struct vdma_rtas rtas;
	uint64_t *words = pages_get(LEN);
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	works(&disk, "in this run");
	error = disk_do(&disk, 0, VDMA_BLK_READ, disk.bytes / 2, words, LEN);
	if (!disk_wrong(&disk, disk.bytes / 2, words, LEN, false)) {
		rtas = window_rtas(disk.device.pci);
		error = disk_write_half(&disk);
		error |= vdma_ddw_create(&rtas, &disk.device.pci->fn, 16,
					 1ul << 36, &window);
		gone(window.base, 1ul << 36);
		ktap_run_again();
	} else {
		disk_close(&disk);
	}
	gone(0, GIB);
	gone(1ul << VDMA_BYPASS_WINDOW_SHIFT, memory_end());
	report(!error, "no error: %s", vdma_strerror(error));
	pages_put(words, LEN);
}

GUEST_TEST(iotlb_reset, iotlb_reset);

/* Unsharing a page that the back end has accessed invalidates that page. */
static void unshare(struct disk *disk, char *page, uint64_t dma)
{
	int64_t status = ucall_pages(VDMA_UV_SHARE_PAGE, page, 1);
	int error = private_do(disk, VDMA_BLK_READ, 0, dma);

	report(!status && !error &&
	       !disk_wrong(disk, 0, page, VDMA_BLK_SECTOR, false),
	       "the disk reaches a shared page: %s", vdma_strerror(error));
	status = ucall_pages(VDMA_UV_UNSHARE_PAGE, page, 1);
	gone(dma, VDMA_UV_PAGE_SIZE);
	works(disk, "once the page is private");
	error = private_do(disk, VDMA_BLK_READ, 0, dma);
	report(!status && error && !*(uint64_t *)page,
	       "the disk does not reach it any more: %s", vdma_strerror(error));
}

/* In a secure VM, a disk reaches a page besides its pool only while it is shared. */
static void iotlb_private(void)
{
	struct vdma_blk_config config = disk_config();
	char *page = pages_get_aligned(VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	struct disk disk;
	uint64_t dma;

	disk_open(&disk, &config);
	works(&disk, "through the pool");
	dma = map_private(&disk.device, page, VDMA_UV_PAGE_SIZE);
	unshare(&disk, page, dma);
	/* The back end retries once. */
	metric("violations", "%u", 2);
	/* The back end knows nothing of it any more. */
	unmap_private(&disk.device, dma, VDMA_UV_PAGE_SIZE);
	works(&disk, "after the unmap");
	gone(0, ~0ul);
	disk_close(&disk);
	pages_put(page, VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_private, iotlb_private);

/* A page that one disk loses costs the other nothing. */
static void iotlb_other(void)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan plan = device_plan();
	char *page = pages_get_aligned(VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	struct disk disk, other;
	uint64_t dma;

	disk_open(&disk, &config);
	/* The default window is the first one's. */
	plan.window = "4k";
	disk_open_as(&other, 1, &plan, &config);
	works(&other, "the other disk, first");
	dma = map_private(&disk.device, page, VDMA_UV_PAGE_SIZE);
	unshare(&disk, page, dma);
	metric("violations", "%u", 2);
	unmap_private(&disk.device, dma, VDMA_UV_PAGE_SIZE);
	works(&other, "the other disk, afterwards");
	disk_close(&other);
	disk_close(&disk);
	pages_put(page, VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_other, iotlb_other);

/* Reads a sector to @dma and checks that it arrives at @page. */
static void arrives(struct disk *disk, uint64_t offset, uint64_t dma,
		    char *page, const char *what)
{
	int error = private_do(disk, VDMA_BLK_READ, offset, dma);

	report(!error &&
	       !disk_wrong(disk, offset, page, VDMA_BLK_SECTOR, false),
	       "%s: %s", what, vdma_strerror(error));
}

/* In a secure VM, a window created in place of a removed one reaches its own memory. */
static void iotlb_window_secure(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window window = { .hv = &guest_hv };
	char *first =
		pages_get_aligned(2 * VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	char *second = first + VDMA_UV_PAGE_SIZE;
	struct disk disk;
	struct vdma_rtas rtas;
	uint64_t base;
	int error;

	disk_open(&disk, &config);
	rtas = window_rtas(disk.device.pci);
	error = ucall_pages(VDMA_UV_SHARE_PAGE, first, 2) != 0;
	error |= vdma_ddw_create(&rtas, &disk.device.pci->fn, 16, MIB, &window);
	error |= vdma_tce_enter(&window, 0, 1, (uintptr_t)first,
				VDMA_BIDIRECTIONAL);
	base = window.base;
	vdma_audit_map(&disk.device.audit, base, VDMA_UV_PAGE_SIZE,
		       VDMA_BIDIRECTIONAL, "window");
	report(!error, "a window is created");
	arrives(&disk, 0, base, first, "a read through the window");
	error = vdma_ddw_remove(&rtas, &window);
	gone(base, MIB);
	memset(first, 0, VDMA_UV_PAGE_SIZE);
	report(!error && private_do(&disk, VDMA_BLK_READ, 4 * KIB, base) &&
	       memory_is(first, VDMA_UV_PAGE_SIZE, 0),
	       "no read goes through it once it is removed");
	window = (struct vdma_tce_window){ .hv = &guest_hv };
	error = vdma_ddw_create(&rtas, &disk.device.pci->fn, 16, MIB, &window);
	error |= vdma_tce_enter(&window, 0, 1, (uintptr_t)second,
				VDMA_BIDIRECTIONAL);
	report(!error && window.base == base, "another window in its place");
	arrives(&disk, 8 * KIB, base, second, "a read through the new window");
	report(memory_is(first, VDMA_UV_PAGE_SIZE, 0),
	       "nothing goes to the old window's memory");
	metric("violations", "any");
	vdma_audit_unmap(&disk.device.audit, base, VDMA_UV_PAGE_SIZE,
			 VDMA_BIDIRECTIONAL, "window");
	vdma_ddw_remove(&rtas, &window);
	gone(base, MIB);
	ucall_pages(VDMA_UV_UNSHARE_PAGE, first, 2);
	disk_close(&disk);
	pages_put(first, 2 * VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_window_secure, iotlb_window_secure);

/* Write what belongs there to the disk's second half, or read its begin. */
static int pass(struct disk *disk, enum vdma_blk_op op, uint64_t dma)
{
	return private_do(disk, op, op == VDMA_BLK_WRITE ? disk->bytes / 2 : 0,
			  dma);
}

/*
 * A TCE that permits one direction: the back end, which has accessed the page as it permits,
 * does not access it otherwise. The next page, which permits both, is no part of the answer.
 */
static void one_way(struct disk *disk, struct vdma_tce_window *window,
		    char *pages, enum vdma_dir dir)
{
	bool out = dir == VDMA_TO_DEVICE;
	enum vdma_blk_op right = out ? VDMA_BLK_WRITE : VDMA_BLK_READ;
	enum vdma_blk_op wrong = out ? VDMA_BLK_READ : VDMA_BLK_WRITE;
	uint64_t page = 1ul << window->page_shift;
	uint64_t half = disk->bytes / 2, dma = window->base;
	int error;

	error = vdma_tce_enter(window, 0, 1, (uintptr_t)pages, dir);
	error |= vdma_tce_enter(window, 1, 1, (uintptr_t)pages + page,
				VDMA_BIDIRECTIONAL);
	vdma_audit_map(&disk->device.audit, dma, 2 * page, VDMA_BIDIRECTIONAL,
		       "one way");
	disk_fill(disk, half, pages, VDMA_BLK_SECTOR);
	disk_fill(disk, half, pages + page, VDMA_BLK_SECTOR);
	error |= pass(disk, right, dma);
	report(!error, "what the TCE permits: %s", vdma_strerror(error));
	disk_fill(disk, half, pages, VDMA_BLK_SECTOR);
	error = pass(disk, wrong, dma);
	report(error && !disk_wrong(disk, half, pages, VDMA_BLK_SECTOR, true),
	       "what it does not permit: %s", vdma_strerror(error));
	error = pass(disk, right, dma);
	error |= pass(disk, VDMA_BLK_WRITE, dma + page);
	error |= pass(disk, VDMA_BLK_READ, dma + page);
	report(!error, "the first again, and both through the next TCE: %s",
	       vdma_strerror(error));
	vdma_audit_unmap(&disk->device.audit, dma, 2 * page, VDMA_BIDIRECTIONAL,
			 "one way");
	vdma_tce_clear(window, 0, 2);
}

/* A back end does with a page no more than its TCE permits, in either direction. */
static void iotlb_one_way(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window window = { .hv = &guest_hv };
	char *pages =
		pages_get_aligned(2 * VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	struct disk disk;
	struct vdma_rtas rtas;
	int error = 0;

	disk_open(&disk, &config);
	rtas = window_rtas(disk.device.pci);
	if (secure_vm())
		error = ucall_pages(VDMA_UV_SHARE_PAGE, pages, 2) != 0;
	error |= vdma_ddw_create(&rtas, &disk.device.pci->fn, 16, MIB, &window);
	report(!error, "a window: %s", vdma_strerror(error));
	report(!disk_write_half(&disk), "the second half is written");
	one_way(&disk, &window, pages, VDMA_TO_DEVICE);
	one_way(&disk, &window, pages, VDMA_FROM_DEVICE);
	if (secure_vm())
		ucall_pages(VDMA_UV_UNSHARE_PAGE, pages, 2);
	metric("violations", "0");
	vdma_ddw_remove(&rtas, &window);
	disk_close(&disk);
	pages_put(pages, 2 * VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_one_way, iotlb_one_way);

/*
 * A card with several pairs of queues has a back end, which is told once what QEMU tells each
 * pair. It needs no ring for that.
 */
static void iotlb_pairs(void)
{
	const uint64_t features = VDMA_F_VERSION_1 | VDMA_F_ACCESS_PLATFORM |
				  NET_F_CTRL_VQ | NET_F_MQ;
	struct device_plan plan = device_plan();
	struct vdma_tce_window window = { .hv = &guest_hv };
	struct device device;
	struct vdma_rtas rtas;
	uint64_t offered, base;
	int error;

	device_open(&device, TYPE_NET, 0, &plan);
	rtas = window_rtas(device.pci);
	error = vdma_virtio_begin(&device.virtio, &offered) ?:
		vdma_virtio_features(&device.virtio, features);
	/* QEMU looks up the used rings, which are at 0. */
	error |= vdma_tce_enter(&device.window, 0, 1, 0, VDMA_BIDIRECTIONAL);
	report(!error, "several pairs: %s", vdma_strerror(error));
	vdma_virtio_ready(&device.virtio);
	error = vdma_ddw_create(&rtas, &device.pci->fn, 16, MIB, &window);
	error |= vdma_tce_enter(&window, 1, 2, 0, VDMA_BIDIRECTIONAL);
	base = window.base + (1 << 16);
	vdma_audit_map(&device.audit, base, 2 << 16, VDMA_BIDIRECTIONAL, "pairs");
	vdma_audit_unmap(&device.audit, base, 2 << 16, VDMA_BIDIRECTIONAL,
			 "pairs");
	error |= vdma_tce_clear(&window, 1, 2);
	gone(base, 2 << 16);
	error |= vdma_ddw_remove(&rtas, &window);
	gone(window.base, MIB);
	report(!error, "TCEs and a window come and go: %s", vdma_strerror(error));
	error = vdma_virtio_reset(&device.virtio);
	gone(0, GIB);
	error |= vdma_tce_clear(&device.window, 0, 1);
	report(!error, "reset: %s", vdma_strerror(error));
	device_close(&device);
}

GUEST_TEST(iotlb_pairs, iotlb_pairs);

/* Reads; the runner counts the messages that they cause in each mode */
static void iotlb_load(void)
{
	struct vdma_blk_config config = disk_config();
	struct load load = {
		.len = arg_number("len", LEN), .depth = DEPTH,
		.count = arg_number("requests", 500), .verify = true,
	};
	struct disk disk;

	disk_open(&disk, &config);
	load.disk = &disk;
	load.span = disk.bytes / 2;
	load_check(&load);
	metric("reads", "%lu", load.done);
	disk_close(&disk);
}

GUEST_TEST(iotlb_load, iotlb_load);
