// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a back end that keeps translations has to be told: the runner serves the
 * disk, and notes what QEMU says (tests/lib/peers/vhost_user_iotlb.py). Here stands, as
 * metrics "gone", what it must be told, in order and each once.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/private.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/ultravisor.h"
#include "lib/windows.h"

#define LEN	(4 * KIB)
#define DEPTH	16

/* Of each page size, and far larger than memory. */
static const struct {
	uint8_t page_shift;
	uint8_t size_shift;
} windows[] = {
	{ 12, 31 }, { 16, 36 }, { 21, 40 }, { 24, 43 },
};

static void gone(uint64_t base, uint64_t size)
{
	metric("gone", "0x%lx 0x%lx", base, size);
}

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

/* Single entries: what was mapped and is not any more, and nothing else. */
static void entries(struct vdma_tce_window *window)
{
	uint64_t page = 1ul << window->page_shift;
	uint64_t last = window->pages - 1;
	int error = VDMA_OK;

	error |= vdma_tce_enter(window, 2, 3, 0, VDMA_BIDIRECTIONAL);
	error |= vdma_tce_enter(window, last, 1, 0, VDMA_TO_DEVICE);
	error |= vdma_tce_clear(window, 0, 4);
	gone(window->base + 2 * page, page);
	gone(window->base + 3 * page, page);
	error |= vdma_tce_clear(window, 0, 4);
	/* Replaced without having been cleared: the old one is gone, too. */
	error |= vdma_tce_enter(window, last, 1, page, VDMA_TO_DEVICE);
	gone(window->base + last * page, page);
	report(!error, "pages of 2^%u: entries come, change and go",
	       window->page_shift);
}

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
	report(!error, "it is removed: %s", vdma_strerror(error));
	works(disk, "without it");
}

/* A disk that is at work through its bypass window meanwhile. */
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
	/* When the device stops, all that it could reach. */
	gone(0, GIB);
	gone(1ul << VDMA_BYPASS_WINDOW_SHIFT, memory_end());
	disk_close(&disk);
}

GUEST_TEST(iotlb_windows, iotlb_windows);

/* A reset of the system, with the disk at work: its second half tells the lives. */
static void iotlb_reset(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window window = { .hv = &guest_hv };
	struct vdma_rtas rtas;
	uint64_t *words = pages_get(LEN);
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	works(&disk, "in this life");
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
	report(!error, "all went well: %s", vdma_strerror(error));
	pages_put(words, LEN);
}

GUEST_TEST(iotlb_reset, iotlb_reset);

/* A page that the back end has reached is taken back from it. */
static void taken_back(struct disk *disk, char *page, uint64_t dma)
{
	int64_t status = ucall_pages(VDMA_UV_SHARE_PAGE, page, 1);
	int error = private_do(disk, VDMA_BLK_READ, 0, dma);

	report(!status && !error &&
	       !disk_wrong(disk, 0, page, VDMA_BLK_SECTOR, false),
	       "a page that is shared is reached: %s", vdma_strerror(error));
	status = ucall_pages(VDMA_UV_UNSHARE_PAGE, page, 1);
	gone(0, 1ul << 63);
	works(disk, "once it is private");
	error = private_do(disk, VDMA_BLK_READ, 0, dma);
	report(!status && error && !*(uint64_t *)page,
	       "the page is reached no more: %s", vdma_strerror(error));
}

/* A secure VM: a disk that has its pool, and for a while a page more. */
static void iotlb_private(void)
{
	struct vdma_blk_config config = disk_config();
	char *page = pages_get_aligned(VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	struct disk disk;
	uint64_t dma, at;

	disk_open(&disk, &config);
	works(&disk, "through the pool");
	dma = map_private(&disk.device, page, VDMA_UV_PAGE_SIZE);
	taken_back(&disk, page, dma);
	/* The back end asks twice before it believes it. */
	metric("violations", "%u", 2);
	unmap_private(&disk.device, dma, VDMA_UV_PAGE_SIZE);
	for (at = 0; at < VDMA_UV_PAGE_SIZE; at += 4 * KIB)
		gone(dma + at, 4 * KIB);
	works(&disk, "at last");
	gone(0, ~0ul);
	disk_close(&disk);
	pages_put(page, VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_private, iotlb_private);

/* A read of one sector to @dma arrives at @page, and only there. */
static void arrives(struct disk *disk, uint64_t offset, uint64_t dma,
		    char *page, const char *what)
{
	int error = private_do(disk, VDMA_BLK_READ, offset, dma);

	report(!error &&
	       !disk_wrong(disk, offset, page, VDMA_BLK_SECTOR, false),
	       "%s: %s", what, vdma_strerror(error));
}

/* A window goes and comes back with other memory, behind the guard of a secure VM. */
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
	report(!error, "a window is made");
	arrives(&disk, 0, base, first, "a read through it");
	error = vdma_ddw_remove(&rtas, &window);
	memset(first, 0, VDMA_UV_PAGE_SIZE);
	report(!error && private_do(&disk, VDMA_BLK_READ, 4 * KIB, base) &&
	       memory_is(first, VDMA_UV_PAGE_SIZE, 0),
	       "no read goes through it when it is gone");
	window = (struct vdma_tce_window){ .hv = &guest_hv };
	error = vdma_ddw_create(&rtas, &disk.device.pci->fn, 16, MIB, &window);
	error |= vdma_tce_enter(&window, 0, 1, (uintptr_t)second,
				VDMA_BIDIRECTIONAL);
	report(!error && window.base == base, "another one in its place");
	arrives(&disk, 8 * KIB, base, second, "a read through that");
	report(memory_is(first, VDMA_UV_PAGE_SIZE, 0), "and not to what was");
	metric("violations", "any");
	vdma_audit_unmap(&disk.device.audit, base, VDMA_UV_PAGE_SIZE,
			 VDMA_BIDIRECTIONAL, "window");
	vdma_ddw_remove(&rtas, &window);
	ucall_pages(VDMA_UV_UNSHARE_PAGE, first, 2);
	disk_close(&disk);
	pages_put(first, 2 * VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(iotlb_window_secure, iotlb_window_secure);

/* How much a back end is told in each mode, for so many reads. */
static void iotlb_load(void)
{
	struct vdma_blk_config config = disk_config();
	struct load load = {
		.len = LEN, .depth = DEPTH,
		.count = arg_number("requests", 500), .verify = true,
	};
	struct disk disk;

	disk_open(&disk, &config);
	load.disk = &disk;
	load.span = disk.bytes / 2;
	load.buffers = pages_get(load.depth * load.len);
	load_run(&load);
	report(!load.error && load.done == load.count,
	       "%lu reads, %u at once: %s", load.done, load.depth,
	       vdma_strerror(load.error));
	report(!load.wrong, "all with the right content");
	metric("reads", "%lu", load.done);
	pages_put(load.buffers, load.depth * load.len);
	disk_close(&disk);
}

GUEST_TEST(iotlb_load, iotlb_load);
