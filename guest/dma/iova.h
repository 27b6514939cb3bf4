/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * I/O address allocator: runs of pages in a window.
 *
 * A bitmap holds which pages are in use. For each small size the allocator also
 * remembers where the last runs were freed: a driver that maps and unmaps buffers of
 * one size gets the same place again in O(1), and larger free runs stay whole. Such a
 * hint is checked against the bitmap before use, so it reserves nothing: an allocation
 * fails only if there is no free run of that length.
 */
#ifndef VDMA_IOVA_H
#define VDMA_IOVA_H

#include <vdma/types.h>

#define VDMA_IOVA_NONE	0xffffffffu
#define VDMA_IOVA_SIZES 16
#define VDMA_IOVA_HINTS 32

/**
 * struct vdma_iova - allocator of a window's pages
 * @pages: number of pages, below VDMA_IOVA_NONE
 * @used: number of pages in use
 * @searches: allocations that no hint could satisfy, for statistics
 */
struct vdma_iova {
	uint32_t pages;
	uint32_t used;
	uint64_t searches;

	/* private: */
	uint64_t *bits;
	uint32_t next;
	uint8_t count[VDMA_IOVA_SIZES];
	uint32_t hint[VDMA_IOVA_SIZES][VDMA_IOVA_HINTS];
};

/**
 * vdma_iova_size() - memory that the bitmap needs
 * @pages: number of pages
 *
 * Return: bytes, one per eight pages, a multiple of 8.
 */
size_t vdma_iova_size(uint32_t pages);

/**
 * vdma_iova_init() - start with all pages free
 * @iova: initialized
 * @bits: vdma_iova_size() bytes, aligned to 8
 * @pages: number of pages
 */
void vdma_iova_init(struct vdma_iova *iova, void *bits, uint32_t pages);

/**
 * vdma_iova_alloc() - allocate a run of pages
 * @iova: the allocator
 * @n: number of pages
 *
 * O(1) if a run of this size was freed lately; otherwise a search of at most
 * @pages / 64 words.
 *
 * Return: its first page; VDMA_IOVA_NONE if there is no such run.
 */
uint32_t vdma_iova_alloc(struct vdma_iova *iova, uint32_t n);

/**
 * vdma_iova_alloc_from() - allocate a run of pages, preferably after a given one
 * @iova: the allocator
 * @n: number of pages
 * @from: where a search starts, if no run of this size was freed lately
 *
 * Takes the first fit at or after @from, or else the first fit of all.
 *
 * Return: as vdma_iova_alloc().
 */
uint32_t vdma_iova_alloc_from(struct vdma_iova *iova, uint32_t n,
			      uint32_t from);

/**
 * vdma_iova_free() - free a run of pages
 * @iova: the allocator
 * @first: its first page
 * @n: number of pages
 *
 * Return: true; false, and nothing is changed, if one of them is not in use.
 */
bool vdma_iova_free(struct vdma_iova *iova, uint32_t first, uint32_t n);

/**
 * vdma_iova_in_use() - test whether all pages of a run are in use
 * @iova: the allocator
 * @first: its first page
 * @n: number of pages
 */
bool vdma_iova_in_use(const struct vdma_iova *iova, uint32_t first, uint32_t n);

#endif /* VDMA_IOVA_H */
