/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets a disk access private memory, to test the guard. */
#ifndef GUEST_PRIVATE_H
#define GUEST_PRIVATE_H

#include "disk.h"

/*
 * Violations that the guard counts per request to private memory (docs/secure-vm.md):
 * the device maps the buffer once, and gets a stand-in.
 */
#define VIOLATIONS	1

/**
 * map_private() - map memory outside the pool for a device
 * @device: in mode bounce
 * @memory: aligned to VDMA_UV_PAGE_SIZE
 * @len: in bytes, a multiple of that
 *
 * If the device has a window, uses the TCEs after those of the pool.
 *
 * Return: the DMA address.
 */
uint64_t map_private(struct device *device, const void *memory, uint64_t len);

/* unmap_private() - end the mapping */
void unmap_private(struct device *device, uint64_t dma, uint64_t len);

/* private_do() - read or write a sector at byte @offset of the disk, through @dma */
int private_do(struct disk *disk, enum vdma_blk_op op, uint64_t offset,
	       uint64_t dma);

#endif /* GUEST_PRIVATE_H */
