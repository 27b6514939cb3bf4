// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Memory: a list of free ranges sorted by address, each described in its own first
 * bytes; first fit.
 */
#include <vdma/error.h>
#include "base.h"
#include "console.h"
#include "page.h"
#include "spinlock.h"

struct range {
	struct range *next;
	uint64_t len;
};

static struct range *ranges;
static struct spinlock pages_lock;
static unsigned int shift = 12;
static uint64_t end_of_memory;

void pages_init(unsigned int page_shift)
{
	shift = page_shift;
}

unsigned int page_shift(void)
{
	return shift;
}

uint64_t memory_end(void)
{
	return end_of_memory;
}

static uint64_t page_round_up(uint64_t value)
{
	uint64_t mask = (1ull << shift) - 1;

	return (value + mask) & ~mask;
}

static uint64_t page_end(const struct range *range)
{
	return (uintptr_t)range + range->len;
}

/* Inserts a free range and merges it with its neighbours. */
static void page_insert(uint64_t start, uint64_t len)
{
	struct range *range = (struct range *)start, *prev = NULL, *next;

	for (next = ranges; next && (uintptr_t)next < start; next = next->next)
		prev = next;
	if ((prev && page_end(prev) > start) ||
	    (next && start + len > (uintptr_t)next))
		bail_out("memory at 0x%lx is freed twice", start);
	range->len = len;
	range->next = next;
	if (next && start + len == (uintptr_t)next) {
		range->len += next->len;
		range->next = next->next;
	}
	if (prev && page_end(prev) == start) {
		prev->len += range->len;
		prev->next = range->next;
	} else if (prev) {
		prev->next = range;
	} else {
		ranges = range;
	}
}

void pages_add(uint64_t start, uint64_t end)
{
	start = page_round_up(start);
	end &= ~((1ull << shift) - 1);
	if (end > end_of_memory)
		end_of_memory = end;
	if (start < end)
		page_insert(start, end - start);
}

/* Removes [start, start + len) from the range that contains it. */
static void page_cut(struct range **link, uint64_t start, uint64_t len)
{
	struct range *range = *link, *tail;
	uint64_t end = page_end(range);

	if (start + len < end) {
		tail = (struct range *)(start + len);
		tail->len = end - (start + len);
		tail->next = range->next;
		range->next = tail;
	}
	if (start == (uintptr_t)range)
		*link = range->next;
	else
		range->len = start - (uintptr_t)range;
}

static void *page_get(uint64_t len, uint64_t floor, uint64_t align)
{
	struct range **link;
	uint64_t start = 0;

	len = page_round_up(len);
	floor = page_round_up(floor);
	spin_lock(&pages_lock);
	for (link = &ranges; *link; link = &(*link)->next) {
		start = (uintptr_t)*link;
		start = start < floor ? floor : start;
		start = (start + align - 1) & ~(align - 1);
		if (start < page_end(*link) && page_end(*link) - start >= len)
			break;
	}
	if (*link)
		page_cut(link, start, len);
	else
		start = 0;
	spin_unlock(&pages_lock);
	return start ? memset((void *)start, 0, len) : NULL;
}

void *pages_get_above(uint64_t len, uint64_t floor)
{
	return page_get(len, floor, 1);
}

void *pages_get_aligned(uint64_t len, uint64_t align)
{
	return page_get(len, 0, align);
}

void *pages_get(uint64_t len)
{
	void *memory = pages_get_above(len, 0);

	if (!memory)
		bail_out("cannot allocate %lu bytes: out of memory", len);
	return memory;
}

void pages_put(void *memory, uint64_t len)
{
	spin_lock(&pages_lock);
	page_insert((uintptr_t)memory, page_round_up(len));
	spin_unlock(&pages_lock);
}

uint64_t pages_free(void)
{
	const struct range *range;
	uint64_t bytes = 0;

	spin_lock(&pages_lock);
	for (range = ranges; range; range = range->next)
		bytes += range->len;
	spin_unlock(&pages_lock);
	return bytes;
}

static int page_domain_get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	void *memory = pages_get_above(len, 0);

	(void)ctx;
	if (!memory)
		return VDMA_E_NO_MEMORY;
	mem->cpu = memory;
	mem->phys = (uintptr_t)memory;
	mem->len = page_round_up(len);
	return VDMA_OK;
}

static void page_domain_put(void *ctx, const struct vdma_memory *mem)
{
	(void)ctx;
	pages_put(mem->cpu, mem->len);
}

const struct vdma_pages guest_pages = { page_domain_get, page_domain_put, NULL };
