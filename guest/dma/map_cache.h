/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Cache of mappings: a buffer that was unmapped stays mapped for a while, so that a
 * driver that uses it again needs no hypercall.
 *
 * Keyed by the first page of the buffer, looked up in O(1), bounded by the number of
 * entries. Evicts the least recently used mapping, and never one in use. The caller
 * serializes.
 */
#ifndef VDMA_MAP_CACHE_H
#define VDMA_MAP_CACHE_H

#include <vdma/domain.h>
#include <vdma/types.h>

#define VDMA_MAP_CACHE_NONE 0xffffffffu

/**
 * struct vdma_map_cache_entry - a mapping, and the buckets of two hash tables
 * @page: first page of the buffer
 * @first: its first page in the window
 * @n: number of pages
 * @refs: uses
 * @next_page: next entry of the bucket by @page, or of the free list
 * @next_first: next entry of the bucket by @first
 * @older: neighbour in the queue of unused mappings
 * @newer: neighbour in the queue of unused mappings
 * @by_page: head of the bucket with this entry's number in the table by page
 * @by_first: head of the bucket with this entry's number in the table by first
 * @dir: access that the device has
 */
struct vdma_map_cache_entry {
	uint64_t page;
	uint32_t first;
	uint32_t n;
	uint32_t refs;
	uint32_t next_page;
	uint32_t next_first;
	uint32_t older;
	uint32_t newer;
	uint32_t by_page;
	uint32_t by_first;
	uint8_t dir;
};

/**
 * struct vdma_map_cache - the cache
 * @entries: memory for the mappings and the hash tables
 * @count: number of entries, a power of two
 * @on: mappings are kept
 * @hits: maps that needed no hypercall, for statistics
 * @misses: maps that did
 */
struct vdma_map_cache {
	struct vdma_map_cache_entry *entries;
	uint32_t count;
	bool on;
	uint64_t hits;
	uint64_t misses;

	/* private: */
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
};

/**
 * vdma_map_cache_init() - start empty and switched on
 * @cache: initialized
 * @entries: memory for the mappings
 * @count: number of entries, a power of two
 */
void vdma_map_cache_init(struct vdma_map_cache *cache,
			 struct vdma_map_cache_entry *entries, uint32_t count);

/**
 * vdma_map_cache_get() - use a cached mapping
 * @cache: the cache
 * @page: first page of the buffer
 * @n: number of pages
 * @dir: access that the device will make
 *
 * Return: its first page in the window; VDMA_MAP_CACHE_NONE if there is no mapping that
 * starts there, is as long, and allows @dir.
 */
uint32_t vdma_map_cache_get(struct vdma_map_cache *cache, uint64_t page,
			    uint32_t n, enum vdma_dir dir);

/**
 * vdma_map_cache_add() - add a mapping with one use
 * @cache: the cache
 * @page: first page of the buffer
 * @n: number of pages
 * @dir: access that the device has
 * @first: its first page in the window
 *
 * Return: true; false if the cache is off or full, and does not keep the mapping.
 */
bool vdma_map_cache_add(struct vdma_map_cache *cache, uint64_t page, uint32_t n,
			enum vdma_dir dir, uint32_t first);

/**
 * enum vdma_map_cache_put - fate of a mapping at unmap
 * @VDMA_MAP_CACHE_UNKNOWN: not in the cache: the caller removes it
 * @VDMA_MAP_CACHE_KEPT: it stays
 * @VDMA_MAP_CACHE_INVALID: in the cache, but not in use or not that long
 */
enum vdma_map_cache_put {
	VDMA_MAP_CACHE_UNKNOWN,
	VDMA_MAP_CACHE_KEPT,
	VDMA_MAP_CACHE_INVALID,
};

/**
 * vdma_map_cache_put() - end one use of a mapping
 * @cache: the cache
 * @first: its first page in the window
 * @n: number of pages used
 *
 * Return: one of &enum vdma_map_cache_put.
 */
enum vdma_map_cache_put vdma_map_cache_put(struct vdma_map_cache *cache,
					   uint32_t first, uint32_t n);

/**
 * vdma_map_cache_evict() - drop the least recently used mapping
 * @cache: the cache
 * @first: set to its first page in the window, which the caller removes
 * @n: set to its number of pages
 *
 * Return: true; false if the cache is empty or all mappings are in use.
 */
bool vdma_map_cache_evict(struct vdma_map_cache *cache, uint32_t *first,
			  uint32_t *n);

/**
 * vdma_map_cache_full() - test whether there is no room for another mapping
 * @cache: the cache
 */
bool vdma_map_cache_full(const struct vdma_map_cache *cache);

#endif /* VDMA_MAP_CACHE_H */
