/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A secure VM's pages: which it has shared, and what a call makes of that.
 *
 * Pure: no QEMU header is needed, so that host tests reach every answer.
 * spapr_uv.c zeroes the pages, dma_guard.c asks for each access.
 */
#ifndef HW_VDMA_UV_PAGES_H
#define HW_VDMA_UV_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct uv_pages - the state of every page that a VM may have
 * @count: pages of 1 << VDMA_UV_PAGE_SHIFT bytes, from guest frame number 0
 * @shared: how many of them are shared
 * @map: a bit for each, set while it is shared
 *
 * A page is private or shared and nothing else. Bits are read at any time by
 * any thread, and changed under one lock.
 */
struct uv_pages {
    uint64_t count;
    uint64_t shared;
    uint64_t *map;
};

/**
 * uv_pages_words() - how many words the map of @count pages takes
 */
uint64_t uv_pages_words(uint64_t count);

/**
 * uv_pages_init() - all pages private
 * @map: uv_pages_words(@count) words that are the caller's to free
 */
void uv_pages_init(struct uv_pages *pages, uint64_t *map, uint64_t count);

/**
 * uv_pages_reset() - all pages private again
 *
 * Other threads may read meanwhile.
 */
void uv_pages_reset(struct uv_pages *pages);

/**
 * uv_pages_shared() - may a device touch this page?
 * @gfn: guest frame number; one that is beyond the map is not shared
 */
bool uv_pages_shared(const struct uv_pages *pages, uint64_t gfn);

/**
 * uv_pages_private() - is this the VM's memory, and not shared?
 */
bool uv_pages_private(const struct uv_pages *pages, uint64_t gfn);

/**
 * uv_pages_check() - are these arguments of a share or an unshare right?
 * @gfn: first page
 * @num: number of pages
 *
 * Return: VDMA_U_SUCCESS, VDMA_U_PARAMETER when there is no page @gfn,
 * VDMA_U_P2 when @num is 0 or goes beyond the last page.
 */
int64_t uv_pages_check(const struct uv_pages *pages, uint64_t gfn,
                       uint64_t num);

/**
 * uv_pages_set() - make a page shared or private
 *
 * @gfn must be below @count. A page that is so already stays so.
 *
 * Return: true when that changed the page.
 */
bool uv_pages_set(struct uv_pages *pages, uint64_t gfn, bool shared);

/**
 * uv_pages_next_shared() - the first shared page from @gfn on
 *
 * Return: its number, or @count when there is none.
 */
uint64_t uv_pages_next_shared(const struct uv_pages *pages, uint64_t gfn);

#endif /* HW_VDMA_UV_PAGES_H */
