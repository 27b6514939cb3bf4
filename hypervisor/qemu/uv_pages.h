/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a secure VM's pages: private or shared.
 *
 * Pure: needs no QEMU header, so that host tests reach all of it. spapr_uv.c
 * changes pages and zeroes them, dma_guard.c checks each access.
 */
#ifndef HW_VDMA_UV_PAGES_H
#define HW_VDMA_UV_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct uv_pages - the state of all pages
 * @count: pages of 1 << VDMA_UV_PAGE_SHIFT bytes, from guest frame number 0
 * @shared: number of shared pages
 * @map: a bit for each page, set while it is shared
 *
 * Any thread may read bits at any time; one lock is held to change them.
 */
struct uv_pages {
    uint64_t count;
    uint64_t shared;
    uint64_t *map;
};

/**
 * uv_pages_words() - size of the map of @count pages, in words
 */
uint64_t uv_pages_words(uint64_t count);

/**
 * uv_pages_init() - make all pages private
 * @map: uv_pages_words(@count) words, owned by the caller
 */
void uv_pages_init(struct uv_pages *pages, uint64_t *map, uint64_t count);

/**
 * uv_pages_reset() - make all pages private again
 *
 * Context: other threads may read the map.
 */
void uv_pages_reset(struct uv_pages *pages);

/**
 * uv_pages_shared() - may a device access this page?
 * @gfn: guest frame number; a page beyond the map is not shared
 */
bool uv_pages_shared(const struct uv_pages *pages, uint64_t gfn);

/**
 * uv_pages_private() - is this page in the map, and not shared?
 */
bool uv_pages_private(const struct uv_pages *pages, uint64_t gfn);

/**
 * uv_pages_check() - check the arguments of a share or unshare call
 * @gfn: first page
 * @num: number of pages
 *
 * Return: VDMA_U_SUCCESS; VDMA_U_PARAMETER if there is no page @gfn;
 * VDMA_U_P2 if @num is 0 or exceeds the last page.
 */
int64_t uv_pages_check(const struct uv_pages *pages, uint64_t gfn,
                       uint64_t num);

/**
 * uv_pages_set() - make a page shared or private
 * @gfn: less than the number of pages
 *
 * Return: true if that changed the page.
 */
bool uv_pages_set(struct uv_pages *pages, uint64_t gfn, bool shared);

/**
 * uv_pages_next_shared() - find the first shared page from @gfn on
 *
 * Return: its number, or the number of pages if no page is shared.
 */
uint64_t uv_pages_next_shared(const struct uv_pages *pages, uint64_t gfn);

#endif /* HW_VDMA_UV_PAGES_H */
