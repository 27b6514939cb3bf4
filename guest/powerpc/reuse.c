// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The cache of mappings: two hash tables, by page of memory and by page of the
 * window, and a queue of those that are not in use. An entry's fields by_page
 * and by_first are the heads of the buckets with its number.
 */
#include <vdma/reuse.h>

#define NONE	VDMA_REUSE_NONE

void vdma_reuse_init(struct vdma_reuse *reuse,
		     struct vdma_reuse_entry *entries, uint32_t count)
{
	uint32_t i;

	*reuse = (struct vdma_reuse){
		.entries = entries, .count = count, .on = true,
		.unused = 0, .oldest = NONE, .newest = NONE,
	};
	for (i = 0; i < count; i++)
		entries[i] = (struct vdma_reuse_entry){
			.next_page = i + 1 < count ? i + 1 : NONE,
			.by_page = NONE, .by_first = NONE,
		};
}

/* 2^64 divided by the golden ratio: neighbours end up far apart. */
static uint32_t bucket(const struct vdma_reuse *reuse, uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) &
	       (reuse->count - 1);
}

static void queue_remove(struct vdma_reuse *reuse, uint32_t i)
{
	struct vdma_reuse_entry *e = &reuse->entries[i];

	if (e->older == NONE)
		reuse->oldest = e->newer;
	else
		reuse->entries[e->older].newer = e->newer;
	if (e->newer == NONE)
		reuse->newest = e->older;
	else
		reuse->entries[e->newer].older = e->older;
}

static void queue_append(struct vdma_reuse *reuse, uint32_t i)
{
	struct vdma_reuse_entry *e = &reuse->entries[i];

	e->older = reuse->newest;
	e->newer = NONE;
	if (reuse->newest == NONE)
		reuse->oldest = i;
	else
		reuse->entries[reuse->newest].newer = i;
	reuse->newest = i;
}

uint32_t vdma_reuse_get(struct vdma_reuse *reuse, uint64_t page, uint32_t n,
			enum vdma_dir dir)
{
	uint32_t i = reuse->entries[bucket(reuse, page)].by_page;

	for (; i != NONE; i = reuse->entries[i].next_page) {
		struct vdma_reuse_entry *e = &reuse->entries[i];

		if (e->page != page || e->n < n || (e->dir & dir) != dir)
			continue;
		if (!e->refs++)
			queue_remove(reuse, i);
		reuse->hits++;
		return e->first;
	}
	reuse->misses++;
	return NONE;
}

bool vdma_reuse_full(const struct vdma_reuse *reuse)
{
	return reuse->unused == NONE;
}

bool vdma_reuse_add(struct vdma_reuse *reuse, uint64_t page, uint32_t n,
		    enum vdma_dir dir, uint32_t first)
{
	uint32_t i = reuse->unused;
	uint32_t *by_page, *by_first;
	struct vdma_reuse_entry *e;

	if (!reuse->on || i == NONE)
		return false;
	e = &reuse->entries[i];
	reuse->unused = e->next_page;
	e->page = page;
	e->first = first;
	e->n = n;
	e->dir = dir;
	e->refs = 1;
	by_page = &reuse->entries[bucket(reuse, page)].by_page;
	by_first = &reuse->entries[bucket(reuse, first)].by_first;
	e->next_page = *by_page;
	*by_page = i;
	e->next_first = *by_first;
	*by_first = i;
	return true;
}

enum vdma_reuse_put vdma_reuse_put(struct vdma_reuse *reuse, uint32_t first,
				   uint32_t n)
{
	uint32_t i = reuse->entries[bucket(reuse, first)].by_first;

	for (; i != NONE; i = reuse->entries[i].next_first) {
		struct vdma_reuse_entry *e = &reuse->entries[i];

		if (e->first != first)
			continue;
		if (!e->refs || n > e->n)
			return VDMA_REUSE_INVALID;
		if (!--e->refs)
			queue_append(reuse, i);
		return VDMA_REUSE_KEPT;
	}
	return VDMA_REUSE_UNKNOWN;
}

bool vdma_reuse_evict(struct vdma_reuse *reuse, uint32_t *first, uint32_t *n)
{
	uint32_t i = reuse->oldest;
	struct vdma_reuse_entry *e;
	uint32_t *link;

	if (i == NONE)
		return false;
	e = &reuse->entries[i];
	queue_remove(reuse, i);
	link = &reuse->entries[bucket(reuse, e->page)].by_page;
	while (*link != i)
		link = &reuse->entries[*link].next_page;
	*link = e->next_page;
	link = &reuse->entries[bucket(reuse, e->first)].by_first;
	while (*link != i)
		link = &reuse->entries[*link].next_first;
	*link = e->next_first;

	*first = e->first;
	*n = e->n;
	e->next_page = reuse->unused;
	reuse->unused = i;
	return true;
}
