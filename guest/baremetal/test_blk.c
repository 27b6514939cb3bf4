// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block I/O with known content. The runner checks the image afterwards (metric
 * "written0").
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define CHUNK		(64 * KIB)

/* All of the disk reads right; its second half reads back as written. */
static void blk_io(void)
{
	struct vdma_blk_config config = disk_config();
	uint64_t before = pages_free(), at, half, wrong = 0;
	struct disk disk;
	void *buffer = pages_get(CHUNK);
	int error = 0;

	disk_open(&disk, &config);
	half = disk.bytes / 2;
	for (at = 0; !error && at < disk.bytes; at += CHUNK) {
		memset(buffer, 0x5a, CHUNK);
		error = disk_do(&disk, 0, VDMA_BLK_READ, at, buffer, CHUNK);
		wrong += disk_wrong(&disk, at, buffer, CHUNK, false);
	}
	report(!error, "read %lu KiB: %s", disk.bytes / KIB,
	       vdma_strerror(error));
	report(!wrong, "the content is what the host has written");

	error = disk_write_half(&disk);
	report(!error, "write %lu KiB: %s", half / KIB, vdma_strerror(error));
	error = disk_do(&disk, 0, VDMA_BLK_FLUSH, 0, NULL, 0);
	report(!error, "flush: %s", vdma_strerror(error));

	for (at = half; !error && at < disk.bytes; at += CHUNK) {
		memset(buffer, 0x5a, CHUNK);
		error = disk_do(&disk, 0, VDMA_BLK_READ, at, buffer, CHUNK);
		wrong += disk_wrong(&disk, at, buffer, CHUNK, true);
	}
	report(!error && !wrong, "the second half reads back as written: %s",
	       vdma_strerror(error));
	error = disk_do(&disk, 0, VDMA_BLK_READ, disk.bytes, buffer, CHUNK);
	report(error, "a read past the end fails: %s", vdma_strerror(error));
	disk_close(&disk);
	pages_put(buffer, CHUNK);
	report(pages_free() == before, "all memory is free again");
}

GUEST_TEST(blk_io, blk_io);
