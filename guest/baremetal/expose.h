/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a guest that does wrong lets a disk have memory that is not its pool, to see
 * what becomes of that.
 */
#ifndef GUEST_EXPOSE_H
#define GUEST_EXPOSE_H

#include "disk.h"

/*
 * What the guard counts for a request to private memory (docs/secure-vm.md): the
 * device maps the buffer, and gets something that stands in for it.
 */
#define VIOLATIONS	1

/**
 * expose() - give a device an address for memory
 * @device: in mode bounce
 * @memory: aligned to VDMA_UV_PAGE_SIZE
 * @len: in bytes, a multiple of that
 *
 * By TCEs behind those of the pool, if the device has a window.
 *
 * Return: the address.
 */
uint64_t expose(struct device *device, const void *memory, uint64_t len);

/* conceal() - take the address away */
void conceal(struct device *device, uint64_t dma, uint64_t len);

/* expose_do() - read or write a sector; @offset is in bytes, on the disk */
int expose_do(struct disk *disk, enum vdma_blk_op op, uint64_t offset,
	      uint64_t dma);

#endif /* GUEST_EXPOSE_H */
