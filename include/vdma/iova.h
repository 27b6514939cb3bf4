/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Addresses of a window, given out in runs of pages.
 *
 * A bitmap says which pages are taken. Beside it, for each small size the
 * places of the last runs that came free are remembered: a driver that maps and
 * unmaps buffers of a size gets the same place again, in O(1), and larger free
 * runs stay whole. A place remembered is only a hint and looked up in the
 * bitmap before it is used, so nothing is set aside that another size may
 * need: a run is refused only if there is none of that length.
 */
#ifndef VDMA_IOVA_H
#define VDMA_IOVA_H

#include <vdma/types.h>

#define VDMA_IOVA_NONE		0xffffffffu
#define VDMA_IOVA_SIZES		16
#define VDMA_IOVA_HINTS		32

/**
 * struct vdma_iova - which pages of a window are taken
 * @pages: how many there are, below VDMA_IOVA_NONE
 * @taken: how many are taken
 * @searches: runs that no hint had, for figures
 *
 * The rest is the allocator's own.
 */
struct vdma_iova {
	uint32_t pages;
	uint32_t taken;
	uint64_t searches;

	/* private: */
	uint64_t *bits;
	uint32_t next;
	uint8_t count[VDMA_IOVA_SIZES];
	uint32_t hint[VDMA_IOVA_SIZES][VDMA_IOVA_HINTS];
};

/**
 * vdma_iova_size() - memory that the bitmap needs
 * @pages: how many pages
 *
 * Return: bytes, one for eight pages, a multiple of 8.
 */
size_t vdma_iova_size(uint32_t pages);

/**
 * vdma_iova_init() - begin with nothing taken
 * @iova: set up
 * @bits: vdma_iova_size() bytes, aligned to 8
 * @pages: how many pages
 */
void vdma_iova_init(struct vdma_iova *iova, void *bits, uint32_t pages);

/**
 * vdma_iova_take() - take a run
 * @iova: the window
 * @n: how many pages
 *
 * O(1) if a run of this size came free lately; otherwise a search of at most
 * @pages / 64 words.
 *
 * Return: its first page; VDMA_IOVA_NONE if there is no such run.
 */
uint32_t vdma_iova_take(struct vdma_iova *iova, uint32_t n);

/**
 * vdma_iova_take_from() - take a run, preferably behind a page
 * @iova: the window
 * @n: how many pages
 * @from: where to begin to look, when no run of this size came free lately
 *
 * The first that fits from there on, or else the first of all.
 *
 * Return: as vdma_iova_take().
 */
uint32_t vdma_iova_take_from(struct vdma_iova *iova, uint32_t n,
			     uint32_t from);

/**
 * vdma_iova_give() - give a run back
 * @iova: the window
 * @first: its first page
 * @n: how many pages
 *
 * Return: true; false, and nothing is changed, if one of them is not taken.
 */
bool vdma_iova_give(struct vdma_iova *iova, uint32_t first, uint32_t n);

/**
 * vdma_iova_is_taken() - is all of a run taken?
 * @iova: the window
 * @first: its first page
 * @n: how many pages
 */
bool vdma_iova_is_taken(const struct vdma_iova *iova, uint32_t first,
			uint32_t n);

#endif /* VDMA_IOVA_H */
