// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * I/O address allocator: a bitmap, and hints where runs of a size were freed.
 */
#include "iova.h"

#define WORD 64u

size_t vdma_iova_size(uint32_t pages)
{
	return ((size_t)pages + WORD - 1) / WORD * sizeof(uint64_t);
}

void vdma_iova_init(struct vdma_iova *iova, void *bits, uint32_t pages)
{
	size_t i;

	*iova = (struct vdma_iova){ .pages = pages, .bits = bits };
	for (i = 0; i < vdma_iova_size(pages) / sizeof(uint64_t); i++)
		iova->bits[i] = 0;
}

/* Bits [@from, @to) of a word */
static uint64_t iova_mask(uint32_t from, uint32_t to)
{
	uint64_t below = to < WORD ? ((uint64_t)1 << to) - 1 : ~(uint64_t)0;

	return below & ~(((uint64_t)1 << from) - 1);
}

/* Mask of the part of [@from, @end) in the word of @from; @next is where it ends. */
static uint64_t iova_part(uint32_t from, uint32_t end, uint32_t *next)
{
	uint32_t start = from % WORD;
	uint32_t room = WORD - start;
	uint32_t n = end - from < room ? end - from : room;

	*next = from + n;
	return iova_mask(start, start + n);
}

static bool iova_all(const struct vdma_iova *iova, uint32_t first, uint32_t n,
		     bool used)
{
	uint32_t at = first, next;

	for (; at < first + n; at = next) {
		uint64_t bits = iova_part(at, first + n, &next);
		uint64_t have = iova->bits[at / WORD] & bits;

		if (have != (used ? bits : 0))
			return false;
	}
	return true;
}

static bool iova_contains(const struct vdma_iova *iova, uint32_t first,
			  uint32_t n)
{
	return n && n <= iova->pages && first <= iova->pages - n;
}

bool vdma_iova_in_use(const struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	return iova_contains(iova, first, n) && iova_all(iova, first, n, true);
}

static void iova_flip(struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	uint32_t at = first, next;

	for (; at < first + n; at = next) {
		uint64_t bits = iova_part(at, first + n, &next);

		iova->bits[at / WORD] ^= bits;
	}
}

/* First free page at or after @at */
static uint32_t iova_next_free(const struct vdma_iova *iova, uint32_t at)
{
	while (at < iova->pages) {
		uint64_t free =
			~iova->bits[at / WORD] & iova_mask(at % WORD, WORD);

		if (free)
			return at / WORD * WORD +
			       (uint32_t)__builtin_ctzll(free);
		at = (at / WORD + 1) * WORD;
	}
	return iova->pages;
}

/* First page in use at or after @at, at most @limit */
static uint32_t iova_next_used(const struct vdma_iova *iova, uint32_t at,
			       uint32_t limit)
{
	while (at < limit) {
		uint64_t used =
			iova->bits[at / WORD] & iova_mask(at % WORD, WORD);

		if (used) {
			at = at / WORD * WORD + (uint32_t)__builtin_ctzll(used);
			return at < limit ? at : limit;
		}
		at = (at / WORD + 1) * WORD;
	}
	return limit;
}

/* First fit at or after @at */
static uint32_t iova_search(const struct vdma_iova *iova, uint32_t at,
			    uint32_t n)
{
	for (;;) {
		uint32_t end;

		at = iova_next_free(iova, at);
		if (at > iova->pages - n)
			return VDMA_IOVA_NONE;
		end = iova_next_used(iova, at, at + n);
		if (end == at + n)
			return at;
		at = end;
	}
}

/* The run freed last that is still free */
static uint32_t iova_alloc_hint(struct vdma_iova *iova, uint32_t n)
{
	uint8_t *count;

	if (n > VDMA_IOVA_SIZES)
		return VDMA_IOVA_NONE;
	count = &iova->count[n - 1];
	while (*count) {
		uint32_t first = iova->hint[n - 1][--*count];

		if (iova_all(iova, first, n, false))
			return first;
	}
	return VDMA_IOVA_NONE;
}

uint32_t vdma_iova_alloc(struct vdma_iova *iova, uint32_t n)
{
	return vdma_iova_alloc_from(iova, n, iova->next);
}

uint32_t vdma_iova_alloc_from(struct vdma_iova *iova, uint32_t n, uint32_t from)
{
	uint32_t first;

	if (!n || n > iova->pages)
		return VDMA_IOVA_NONE;
	first = iova_alloc_hint(iova, n);
	if (first == VDMA_IOVA_NONE) {
		iova->searches++;
		first = iova_search(iova, from, n);
		if (first == VDMA_IOVA_NONE && from)
			first = iova_search(iova, 0, n);
		if (first == VDMA_IOVA_NONE)
			return first;
		iova->next = first + n < iova->pages ? first + n : 0;
	}
	iova_flip(iova, first, n);
	iova->used += n;
	return first;
}

bool vdma_iova_free(struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	if (!vdma_iova_in_use(iova, first, n))
		return false;
	iova_flip(iova, first, n);
	iova->used -= n;
	if (n <= VDMA_IOVA_SIZES && iova->count[n - 1] < VDMA_IOVA_HINTS)
		iova->hint[n - 1][iova->count[n - 1]++] = first;
	return true;
}
