// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Runs of pages out of a bitmap, with hints where runs of a size came free.
 */
#include <vdma/iova.h>

#define WORD	64u

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

/* Bits @from to @to, not included, of one word. */
static uint64_t mask(uint32_t from, uint32_t to)
{
	uint64_t below = to < WORD ? ((uint64_t)1 << to) - 1 : ~(uint64_t)0;

	return below & ~(((uint64_t)1 << from) - 1);
}

/* The part of [@from, @end) that lies in the word of @from. */
static uint64_t part(uint32_t from, uint32_t end, uint32_t *next)
{
	uint32_t start = from % WORD;
	uint32_t room = WORD - start;
	uint32_t n = end - from < room ? end - from : room;

	*next = from + n;
	return mask(start, start + n);
}

static bool all(const struct vdma_iova *iova, uint32_t first, uint32_t n,
		bool taken)
{
	uint32_t at = first, next;

	for (; at < first + n; at = next) {
		uint64_t bits = part(at, first + n, &next);
		uint64_t have = iova->bits[at / WORD] & bits;

		if (have != (taken ? bits : 0))
			return false;
	}
	return true;
}

static bool inside(const struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	return n && n <= iova->pages && first <= iova->pages - n;
}

bool vdma_iova_is_taken(const struct vdma_iova *iova, uint32_t first,
			uint32_t n)
{
	return inside(iova, first, n) && all(iova, first, n, true);
}

static void flip(struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	uint32_t at = first, next;

	for (; at < first + n; at = next) {
		uint64_t bits = part(at, first + n, &next);

		iova->bits[at / WORD] ^= bits;
	}
}

/* The first page at or behind @at that is free. */
static uint32_t next_free(const struct vdma_iova *iova, uint32_t at)
{
	while (at < iova->pages) {
		uint64_t free = ~iova->bits[at / WORD] & mask(at % WORD, WORD);

		if (free)
			return at / WORD * WORD +
			       (uint32_t)__builtin_ctzll(free);
		at = (at / WORD + 1) * WORD;
	}
	return iova->pages;
}

/* The first page at or behind @at that is taken; at most @limit. */
static uint32_t next_taken(const struct vdma_iova *iova, uint32_t at,
			   uint32_t limit)
{
	while (at < limit) {
		uint64_t taken = iova->bits[at / WORD] & mask(at % WORD, WORD);

		if (taken) {
			at = at / WORD * WORD +
			     (uint32_t)__builtin_ctzll(taken);
			return at < limit ? at : limit;
		}
		at = (at / WORD + 1) * WORD;
	}
	return limit;
}

/* First fit, from @at on. */
static uint32_t search(const struct vdma_iova *iova, uint32_t at, uint32_t n)
{
	for (;;) {
		uint32_t end;

		at = next_free(iova, at);
		if (at > iova->pages - n)
			return VDMA_IOVA_NONE;
		end = next_taken(iova, at, at + n);
		if (end == at + n)
			return at;
		at = end;
	}
}

/* What came free last and still is. */
static uint32_t from_hints(struct vdma_iova *iova, uint32_t n)
{
	uint8_t *count;

	if (n > VDMA_IOVA_SIZES)
		return VDMA_IOVA_NONE;
	count = &iova->count[n - 1];
	while (*count) {
		uint32_t first = iova->hint[n - 1][--*count];

		if (all(iova, first, n, false))
			return first;
	}
	return VDMA_IOVA_NONE;
}

uint32_t vdma_iova_take(struct vdma_iova *iova, uint32_t n)
{
	return vdma_iova_take_from(iova, n, iova->next);
}

uint32_t vdma_iova_take_from(struct vdma_iova *iova, uint32_t n, uint32_t from)
{
	uint32_t first;

	if (!n || n > iova->pages)
		return VDMA_IOVA_NONE;
	first = from_hints(iova, n);
	if (first == VDMA_IOVA_NONE) {
		iova->searches++;
		first = search(iova, from, n);
		if (first == VDMA_IOVA_NONE && from)
			first = search(iova, 0, n);
		if (first == VDMA_IOVA_NONE)
			return first;
		iova->next = first + n < iova->pages ? first + n : 0;
	}
	flip(iova, first, n);
	iova->taken += n;
	return first;
}

bool vdma_iova_give(struct vdma_iova *iova, uint32_t first, uint32_t n)
{
	if (!vdma_iova_is_taken(iova, first, n))
		return false;
	flip(iova, first, n);
	iova->taken -= n;
	if (n <= VDMA_IOVA_SIZES && iova->count[n - 1] < VDMA_IOVA_HINTS)
		iova->hint[n - 1][iova->count[n - 1]++] = first;
	return true;
}
