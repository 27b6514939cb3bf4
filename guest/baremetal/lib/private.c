// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps memory outside the pool for a disk, also in the audit, which reports no fault. */
#include <vdma/error.h>
#include "base.h"
#include "console.h"
#include "page.h"
#include "private.h"

static uint64_t private_first_entry(const struct device *device)
{
	return bounce_size(&device->plan) >> device->window.page_shift;
}

uint64_t map_private(struct device *device, const void *memory, uint64_t len)
{
	uint64_t dma = (uintptr_t)memory;
	uint8_t shift = device->window.page_shift;
	uint64_t first = private_first_entry(device);

	if (device->tce_private) {
		if (vdma_tce_enter(&device->tce.window, first, len >> shift,
				   dma, VDMA_BIDIRECTIONAL))
			bail_out("cannot map %lu KiB: no TCEs", len / KIB);
		dma = device->window.base + (first << shift);
	}
	vdma_audit_map(&device->audit, dma, len, VDMA_BIDIRECTIONAL, __func__);
	return dma;
}

void unmap_private(struct device *device, uint64_t dma, uint64_t len)
{
	vdma_audit_unmap(&device->audit, dma, len, VDMA_BIDIRECTIONAL, __func__);
	if (device->tce_private &&
	    vdma_tce_clear(&device->tce.window, private_first_entry(device),
			   len >> device->window.page_shift))
		bail_out("cannot remove TCEs");
}

int private_do(struct disk *disk, enum vdma_blk_op op, uint64_t offset,
	       uint64_t dma)
{
	struct vdma_sg sg = { .addr = dma, .len = VDMA_BLK_SECTOR,
			      .mapped = true };
	struct vdma_blk_request req = { .op = op, .sg = &sg, .count = 1,
					.sector = offset / VDMA_BLK_SECTOR };

	return vdma_blk_do(&disk->queues[0], &req);
}
