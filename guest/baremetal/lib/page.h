/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Memory */
#ifndef GUEST_PAGE_H
#define GUEST_PAGE_H

#include <vdma/domain.h>
#include "base.h"

/**
 * pages_init() - set the page size
 * @shift: 12 or 16
 */
void pages_init(unsigned int shift);
/* pages_add() - add a range of memory to the allocator */
void pages_add(uint64_t start, uint64_t end);
unsigned int page_shift(void);
/* memory_end() - first address beyond all memory */
uint64_t memory_end(void);

/**
 * pages_get_above() - allocate zeroed memory, contiguous, aligned to a page
 * @len: in bytes; rounded up to pages
 * @floor: lowest address
 *
 * Return: the memory; NULL when out of memory.
 */
void *pages_get_above(uint64_t len, uint64_t floor);

/* pages_get_aligned() - the same, at a multiple of @align, a power of two */
void *pages_get_aligned(uint64_t len, uint64_t align);

/* pages_get() - the same, at any address; bails out when out of memory */
void *pages_get(uint64_t len);

/* pages_put() - free memory */
void pages_put(void *memory, uint64_t len);

/* pages_free() - bytes that are free */
uint64_t pages_free(void);

/* pages_get_above() for the library, at any address */
extern const struct vdma_pages guest_pages;

#endif /* GUEST_PAGE_H */
