// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Cache of mappings: two hash tables, by page of the buffer and by page of the window,
 * and a queue of the mappings that are not in use.
 */
#include "map_cache.h"

#define NONE VDMA_MAP_CACHE_NONE

void vdma_map_cache_init(struct vdma_map_cache *cache,
			 struct vdma_map_cache_entry *entries, uint32_t count)
{
	uint32_t i;

	*cache = (struct vdma_map_cache){
		.entries = entries,
		.count = count,
		.on = true,
		.free = 0,
		.oldest = NONE,
		.newest = NONE,
	};
	for (i = 0; i < count; i++)
		entries[i] = (struct vdma_map_cache_entry){
			.next_page = i + 1 < count ? i + 1 : NONE,
			.by_page = NONE,
			.by_first = NONE,
		};
}

/* 2^64 divided by the golden ratio spreads neighbours. */
static uint32_t map_cache_bucket(const struct vdma_map_cache *cache,
				 uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) &
	       (cache->count - 1);
}

static void map_cache_dequeue(struct vdma_map_cache *cache, uint32_t i)
{
	struct vdma_map_cache_entry *e = &cache->entries[i];

	if (e->older == NONE)
		cache->oldest = e->newer;
	else
		cache->entries[e->older].newer = e->newer;
	if (e->newer == NONE)
		cache->newest = e->older;
	else
		cache->entries[e->newer].older = e->older;
}

static void map_cache_enqueue(struct vdma_map_cache *cache, uint32_t i)
{
	struct vdma_map_cache_entry *e = &cache->entries[i];

	e->older = cache->newest;
	e->newer = NONE;
	if (cache->newest == NONE)
		cache->oldest = i;
	else
		cache->entries[cache->newest].newer = i;
	cache->newest = i;
}

uint32_t vdma_map_cache_get(struct vdma_map_cache *cache, uint64_t page,
			    uint32_t n, enum vdma_dir dir)
{
	uint32_t i = cache->entries[map_cache_bucket(cache, page)].by_page;

	for (; i != NONE; i = cache->entries[i].next_page) {
		struct vdma_map_cache_entry *e = &cache->entries[i];

		if (e->page != page || e->n < n || (e->dir & dir) != dir)
			continue;
		if (!e->refs++)
			map_cache_dequeue(cache, i);
		cache->hits++;
		return e->first;
	}
	cache->misses++;
	return NONE;
}

bool vdma_map_cache_full(const struct vdma_map_cache *cache)
{
	return cache->free == NONE;
}

bool vdma_map_cache_add(struct vdma_map_cache *cache, uint64_t page, uint32_t n,
			enum vdma_dir dir, uint32_t first)
{
	uint32_t i = cache->free;
	uint32_t *by_page, *by_first;
	struct vdma_map_cache_entry *e;

	if (!cache->on || i == NONE)
		return false;
	e = &cache->entries[i];
	cache->free = e->next_page;
	e->page = page;
	e->first = first;
	e->n = n;
	e->dir = dir;
	e->refs = 1;
	by_page = &cache->entries[map_cache_bucket(cache, page)].by_page;
	by_first = &cache->entries[map_cache_bucket(cache, first)].by_first;
	e->next_page = *by_page;
	*by_page = i;
	e->next_first = *by_first;
	*by_first = i;
	return true;
}

enum vdma_map_cache_put vdma_map_cache_put(struct vdma_map_cache *cache,
					   uint32_t first, uint32_t n)
{
	uint32_t i = cache->entries[map_cache_bucket(cache, first)].by_first;

	for (; i != NONE; i = cache->entries[i].next_first) {
		struct vdma_map_cache_entry *e = &cache->entries[i];

		if (e->first != first)
			continue;
		if (!e->refs || n > e->n)
			return VDMA_MAP_CACHE_INVALID;
		if (!--e->refs)
			map_cache_enqueue(cache, i);
		return VDMA_MAP_CACHE_KEPT;
	}
	return VDMA_MAP_CACHE_UNKNOWN;
}

bool vdma_map_cache_evict(struct vdma_map_cache *cache, uint32_t *first,
			  uint32_t *n)
{
	uint32_t i = cache->oldest;
	struct vdma_map_cache_entry *e;
	uint32_t *link;

	if (i == NONE)
		return false;
	e = &cache->entries[i];
	map_cache_dequeue(cache, i);
	link = &cache->entries[map_cache_bucket(cache, e->page)].by_page;
	while (*link != i)
		link = &cache->entries[*link].next_page;
	*link = e->next_page;
	link = &cache->entries[map_cache_bucket(cache, e->first)].by_first;
	while (*link != i)
		link = &cache->entries[*link].next_first;
	*link = e->next_first;

	*first = e->first;
	*n = e->n;
	e->next_page = cache->free;
	cache->free = i;
	return true;
}
