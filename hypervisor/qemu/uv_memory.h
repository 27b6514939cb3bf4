/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that a secure VM's pages are in: is it there, and zeroing it.
 *
 * Private to hw/vdma; uv_pages.h has the pages' state.
 */
#ifndef HW_VDMA_UV_MEMORY_H
#define HW_VDMA_UV_MEMORY_H

#include "compat.h"

/**
 * uv_memory_is_ram() - does the range lie in the VM's memory, all of it?
 */
bool uv_memory_is_ram(hwaddr addr, uint64_t size);

/**
 * uv_memory_pages() - how many pages there are from @gfn on, up to @num
 */
uint64_t uv_memory_pages(uint64_t gfn, uint64_t num);

/**
 * uv_memory_zero_page() - zero a page; one that was never touched stays so
 *
 * Context: any thread, with the BQL or without.
 */
void uv_memory_zero_page(uint64_t gfn);

#endif /* HW_VDMA_UV_MEMORY_H */
