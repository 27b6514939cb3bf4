// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that only the device writes, at I/O addresses that would mislead a faulty dirty
 * log: one equals the address of another page, and two map one page. Meanwhile the host
 * migrates the machine and compares all memory (tests/live/test_migrate.py).
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/control.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define LEN	(4 * KIB)
/* Above the addresses that the window's allocator and this program use */
#define HIGH	(256 * MIB)
#define TWICE	2
#define UNTOUCHED	0x5a

static const uint64_t aliases[TWICE] = { 0x3e000000, 0x3f000000 };

/* @target is mapped at the address of @decoy; @twice at both of aliases */
struct pages {
	char *target;
	char *decoy;
	char *twice;
};

static void enter(struct disk *disk, uint64_t dma, const void *page)
{
	struct vdma_tce_window *window = &disk->device.window;
	int error = vdma_tce_enter(window, dma >> window->page_shift, 1,
				   (uintptr_t)page, VDMA_BIDIRECTIONAL);

	report(!error, "I/O address 0x%lx maps page 0x%lx: %s", dma,
	       (uintptr_t)page, vdma_strerror(error));
}

static void leave(struct disk *disk, uint64_t dma)
{
	struct vdma_tce_window *window = &disk->device.window;

	vdma_tce_clear(window, dma >> window->page_shift, 1);
}

/* Reads another part of the disk each turn; the CPU never stores to the page. */
static int read_into(struct disk *disk, uint64_t dma, const char *page,
		     uint64_t turn)
{
	uint64_t offset = turn % (disk->bytes / 2 / LEN) * LEN;
	struct vdma_sg sg = { .addr = dma, .len = LEN, .mapped = true };
	struct vdma_blk_request req = {
		.op = VDMA_BLK_READ, .sector = offset / VDMA_BLK_SECTOR,
		.sg = &sg, .count = 1,
	};
	int error = vdma_blk_do(&disk->queues[0], &req);

	if (!error && disk_wrong(disk, offset, page, LEN, false))
		error = VDMA_E_DISAGREES;
	return error;
}

static uint64_t loop(struct disk *disk, struct disk *control,
		     const struct pages *pages, int *error)
{
	uint64_t turn;

	for (turn = 0; !*error && (turn % 32 || !control_wants_stop(control));
	     turn++) {
		*error = read_into(disk, (uintptr_t)pages->decoy, pages->target,
				   turn);
		if (!*error)
			*error = read_into(disk, aliases[turn % TWICE],
					   pages->twice, turn + 1);
	}
	return turn;
}

/* A migration carries over each page that the device has written, and no other. */
static void dirty(void)
{
	struct device_plan tce = {
		.hv = &guest_hv, .mode = "tce", .window = "default",
	};
	struct vdma_blk_config config = disk_config();
	struct pages pages = {
		.target = pages_get_above(LEN, HIGH),
		.decoy = pages_get_above(LEN, HIGH + MIB),
		.twice = pages_get_above(LEN, HIGH + 2 * MIB),
	};
	struct disk disk, control;
	struct vdma_audit *audit;
	uint64_t turns;
	int error = VDMA_OK;

	disk_open_as(&disk, 0, &tce, &config);
	control_open(&control);
	/* QEMU sends no content for a page of zeros. */
	memset(pages.decoy, UNTOUCHED, LEN);
	metric("written", "0x%lx", (uintptr_t)pages.target);
	metric("written", "0x%lx", (uintptr_t)pages.twice);
	enter(&disk, (uintptr_t)pages.decoy, pages.target);
	enter(&disk, aliases[0], pages.twice);
	enter(&disk, aliases[1], pages.twice);
	/* The audit does not know mappings made without the domain. */
	audit = disk.device.domain->audit;
	disk.device.domain->audit = NULL;
	diag("at work");
	turns = loop(&disk, &control, &pages, &error);
	disk.device.domain->audit = audit;
	report(!error, "%lu turns: %s", turns, vdma_strerror(error));
	report(memory_is(pages.decoy, LEN, UNTOUCHED),
	       "the page at the I/O address is unchanged");
	leave(&disk, (uintptr_t)pages.decoy);
	leave(&disk, aliases[0]);
	leave(&disk, aliases[1]);
	disk_close(&control);
	disk_close(&disk);
}

GUEST_TEST(dirty, dirty);
