/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a secure VM: finding and zeroing it.
 *
 * Private to hw/vdma; uv_pages.h has the state of pages.
 */
#ifndef HW_VDMA_UV_MEMORY_H
#define HW_VDMA_UV_MEMORY_H

#include "compat.h"

/**
 * uv_memory_is_ram() - is all of the range RAM?
 */
bool uv_memory_is_ram(hwaddr addr, uint64_t size);

/**
 * uv_memory_pages() - count the pages of RAM from @gfn on, up to @num
 */
uint64_t uv_memory_pages(uint64_t gfn, uint64_t num);

/**
 * uv_memory_zero_page() - zero a page; a zero page is not written
 *
 * Context: any thread, with the BQL or without.
 */
void uv_memory_zero_page(uint64_t gfn);

#endif /* HW_VDMA_UV_MEMORY_H */
