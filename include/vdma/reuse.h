/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A cache of mappings for mode tce: a buffer that was unmapped stays mapped
 * for a while, so that a driver that uses it again pays no hypercall.
 *
 * It is keyed by the buffer's first page and looked up in O(1); holds as many
 * mappings as the caller gives entries for; throws out what was not used
 * longest, and nothing that is in use. Used under the domain's lock.
 */
#ifndef VDMA_REUSE_H
#define VDMA_REUSE_H

#include <vdma/domain.h>
#include <vdma/types.h>

#define VDMA_REUSE_NONE		0xffffffffu

/* A mapping: @n pages of memory from page @page are at the window's @first. */
struct vdma_reuse_entry {
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
 * struct vdma_reuse - the cache
 * @entries: memory for the mappings, which is also that of two hash tables
 * @count: how many, a power of two
 * @on: mappings are kept
 * @hits: maps that needed no hypercall, for figures
 * @misses: maps that did
 *
 * The rest is the cache's own.
 */
struct vdma_reuse {
	struct vdma_reuse_entry *entries;
	uint32_t count;
	bool on;
	uint64_t hits;
	uint64_t misses;

	/* private: */
	uint32_t unused;
	uint32_t oldest;
	uint32_t newest;
};

/**
 * vdma_reuse_init() - begin with an empty cache, switched on
 * @reuse: set up
 * @entries: memory for the mappings
 * @count: how many, a power of two
 */
void vdma_reuse_init(struct vdma_reuse *reuse,
		     struct vdma_reuse_entry *entries, uint32_t count);

/**
 * vdma_reuse_get() - use a mapping that is there
 * @reuse: the cache
 * @page: first page of the memory
 * @n: how many pages
 * @dir: what the device shall do there
 *
 * Return: its first page in the window; VDMA_REUSE_NONE if there is no mapping
 * that begins there, is as long, and allows @dir.
 */
uint32_t vdma_reuse_get(struct vdma_reuse *reuse, uint64_t page, uint32_t n,
			enum vdma_dir dir);

/**
 * vdma_reuse_add() - enter a mapping, in use once
 * @reuse: the cache
 * @page: first page of the memory
 * @n: how many pages
 * @dir: what the device may do there
 * @first: its first page in the window
 *
 * Return: true; false if the cache is off or has no room, and then nobody
 * keeps the mapping.
 */
bool vdma_reuse_add(struct vdma_reuse *reuse, uint64_t page, uint32_t n,
		    enum vdma_dir dir, uint32_t first);

/**
 * enum vdma_reuse_put - what becomes of a mapping that is unmapped
 * @VDMA_REUSE_UNKNOWN: the cache has not got it: remove it
 * @VDMA_REUSE_KEPT: it stays
 * @VDMA_REUSE_INVALID: it has it, and it is not in use, or not that long
 */
enum vdma_reuse_put {
	VDMA_REUSE_UNKNOWN,
	VDMA_REUSE_KEPT,
	VDMA_REUSE_INVALID,
};

/**
 * vdma_reuse_put() - end one use of a mapping
 * @reuse: the cache
 * @first: its first page in the window
 * @n: how many pages were used
 *
 * Return: one of &enum vdma_reuse_put.
 */
enum vdma_reuse_put vdma_reuse_put(struct vdma_reuse *reuse, uint32_t first,
				   uint32_t n);

/**
 * vdma_reuse_evict() - forget the mapping that was not in use longest
 * @reuse: the cache
 * @first: its first page in the window, for the caller to remove
 * @n: its length
 *
 * Return: true; false if all are in use, or there is none.
 */
bool vdma_reuse_evict(struct vdma_reuse *reuse, uint32_t *first, uint32_t *n);

/**
 * vdma_reuse_full() - is there no room for one more mapping?
 * @reuse: the cache
 */
bool vdma_reuse_full(const struct vdma_reuse *reuse);

#endif /* VDMA_REUSE_H */
