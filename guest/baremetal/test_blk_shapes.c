// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of every size and shape that a ring can take */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define LARGEST		(1 * MIB)
#define HIGH		(4 * GIB)
/* Page sizes of TCE windows, besides 4 KiB, that a buffer may straddle */
#define TCE_64K		(64 * KIB)
#define TCE_2M		(2 * MIB)
#define TCE_16M		(16 * MIB)

/* Reads, writes and reads back through the same memory. */
static bool both_ways(struct disk *disk, struct vdma_sg *sg, unsigned int count,
		      char *buffer, uint64_t len)
{
	struct vdma_blk_request req = {
		.op = VDMA_BLK_READ, .sector = 1, .sg = sg, .count = count,
	};
	uint64_t half = disk->bytes / 2;
	int error;

	memset(buffer, 0x5a, len);
	error = vdma_blk_do(&disk->queues[0], &req);
	if (error || disk_wrong(disk, VDMA_BLK_SECTOR, buffer, len, false)) {
		diag("read: %s", vdma_strerror(error));
		return false;
	}
	disk_fill(disk, half, buffer, len);
	req.op = VDMA_BLK_WRITE;
	req.sector = half / VDMA_BLK_SECTOR;
	error = vdma_blk_do(&disk->queues[0], &req);
	if (error) {
		diag("write: %s", vdma_strerror(error));
		return false;
	}
	memset(buffer, 0x5a, len);
	req.op = VDMA_BLK_READ;
	error = vdma_blk_do(&disk->queues[0], &req);
	return !error && !disk_wrong(disk, half, buffer, len, true);
}

/* A request of one segment */
static bool one_segment(struct disk *disk, char *buffer, uint64_t len)
{
	struct vdma_sg sg = { .addr = (uintptr_t)buffer,
			      .len = (uint32_t)len };

	return both_ways(disk, &sg, 1, buffer, len);
}

/* A request of @count segments that are adjacent in memory */
static bool segments(struct disk *disk, unsigned int count, char *buffer,
		     uint64_t len)
{
	struct vdma_sg sg[VDMA_BLK_SG_MAX];
	unsigned int i;

	for (i = 0; i < count; i++)
		sg[i] = (struct vdma_sg){ .addr = (uintptr_t)buffer + i * len,
					  .len = (uint32_t)len };
	return both_ways(disk, sg, count, buffer, count * len);
}

/* A bounce pool limits the size of a buffer. */
static uint64_t largest(const struct disk *disk)
{
	return MIN(LARGEST, disk->device.domain->max_len);
}

/* Any power of two from a sector up to the largest buffer */
static void sizes(struct disk *disk, char *buffer)
{
	uint64_t len;

	for (len = VDMA_BLK_SECTOR; len <= largest(disk); len *= 2)
		report(one_segment(disk, buffer, len), "%lu bytes", len);
}

/* Any alignment, also across 4 KiB and 64 KiB pages */
static void alignments(struct disk *disk, char *buffer)
{
	static const uint64_t offsets[] = {
		1, 7, 8, 511, 512, 4 * KIB - 512, 4 * KIB - 1,
		TCE_64K - 512, TCE_64K - 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		report(one_segment(disk, buffer + offsets[i], 4 * KIB) &&
		       one_segment(disk, buffer + offsets[i], 2 * TCE_64K),
		       "4 and 128 KiB, %lu bytes into 64 KiB", offsets[i]);
}

/* Across a multiple of @page that is not one of the next larger page size */
static void large_page(struct disk *disk, uint64_t page)
{
	uint64_t edge = 2 * TCE_16M + page;
	char *buffer = pages_get_above(2 * TCE_64K, edge - TCE_64K);

	if (!report((uintptr_t)buffer == edge - TCE_64K,
		    "memory around 0x%lx", edge))
		return;
	report(one_segment(disk, buffer, 2 * TCE_64K) &&
	       one_segment(disk, buffer + TCE_64K - 512, KIB),
	       "buffers that straddle pages of %lu MiB", page / MIB);
	pages_put(buffer, 2 * TCE_64K);
}

/* As many segments as the device takes; one more is refused. */
static void lists(struct disk *disk, char *buffer)
{
	unsigned int most = MIN(disk->blk.seg_max, VDMA_BLK_SG_MAX);
	struct vdma_sg sg[VDMA_BLK_SG_MAX + 1];
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = sg };
	unsigned int i;

	report(segments(disk, 2, buffer, VDMA_BLK_SECTOR), "2 segments");
	report(segments(disk, most / 2, buffer, 4 * KIB),
	       "%u segments of 4 KiB", most / 2);
	report(segments(disk, most, buffer, VDMA_BLK_SECTOR),
	       "%u segments, the maximum", most);
	for (i = 0; i < ARRAY_SIZE(sg); i++)
		sg[i] = (struct vdma_sg){ .addr = (uintptr_t)buffer,
					  .len = VDMA_BLK_SECTOR };
	req.count = most + 1;
	report(vdma_blk_do(&disk->queues[0], &req) && !disk->queues[0].vq.error,
	       "one more is refused, and the ring still works");
}

/* Data arrives whole for every size, alignment, page boundary and number of segments. */
static void blk_shapes(void)
{
	struct vdma_blk_config config = disk_config();
	uint64_t len = LARGEST + 2 * TCE_64K;
	char *buffer = pages_get(len);
	char *high = pages_get_above(len, HIGH);
	char *aligned;
	struct disk disk;

	disk_open(&disk, &config);
	aligned = (char *)(((uintptr_t)buffer + TCE_64K - 1) & -TCE_64K);
	sizes(&disk, aligned);
	alignments(&disk, aligned);
	large_page(&disk, TCE_2M);
	large_page(&disk, TCE_16M);
	lists(&disk, aligned);
	if (report(high, "memory above 4 GiB"))
		report(one_segment(&disk, high, largest(&disk)) &&
		       one_segment(&disk, high + 4 * KIB - 512, 4 * KIB),
		       "buffers at 0x%lx", (uintptr_t)high);
	metric("written0", "%lu", largest(&disk));
	disk_close(&disk);
	pages_put(buffer, len);
	if (high)
		pages_put(high, len);
}

GUEST_TEST(blk_shapes, blk_shapes);
