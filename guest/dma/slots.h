/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Slot allocator: pieces of a bounce pool.
 *
 * A pool is cut into units of 4 KiB. A sixteenth of the units holds slots of 64
 * bytes, for headers and status bytes. Any other unit is split into slots of 512 bytes
 * or of 2 KiB while one of these is in use, and becomes whole again afterwards; larger
 * slots are runs of units, first fit. Nothing stays split for good: once everything is
 * freed, the pool is one run again.
 *
 * Free slots of up to 4 KiB, and of 64 KiB, are cached per CPU: allocating and freeing
 * one is a single atomic operation without a lock. The CPU number is a hint; any CPU
 * may use any cache, and an allocation that finds the pool full drains all caches
 * before it fails.
 *
 * The fast path is inline: a disk request takes it eight times, and under TCG calls and
 * returns are what costs, for each is looked up.
 */
#ifndef VDMA_SLOTS_H
#define VDMA_SLOTS_H

#include <vdma/bounce.h>
#include <vdma/domain.h>
#include <vdma/types.h>
#include "iova.h"

/* A slot is named by its first granule: offset in the pool / 64 bytes. */
#define VDMA_SLOT_SHIFT 6
#define VDMA_SLOT_NONE	0xffffffffu

#define VDMA_UNIT_SHIFT 12
#define VDMA_UNIT_SIZE	VDMA_BOUNCE_ALIGN_MIN

/* Granules in a unit; and in the smallest slot of most units */
#define VDMA_UNIT_GRANULES  (1u << (VDMA_UNIT_SHIFT - VDMA_SLOT_SHIFT))
#define VDMA_PIECE_GRANULES 8u

/* 64 KiB, Linux's page size on POWER: the most common size of a large mapping */
#define VDMA_PAGE_UNITS 16u

/*
 * Size classes: 64, 512, 2048 bytes, a unit, a page. Larger slots are not cached.
 * VDMA_SLOT_CACHED is the maximum number of slots cached per class.
 */
#define VDMA_SLOT_SMALL	  3u
#define VDMA_CLASS_UNIT	  VDMA_SLOT_SMALL
#define VDMA_CLASS_PAGE	  (VDMA_CLASS_UNIT + 1)
#define VDMA_SLOT_CLASSES 5u
#define VDMA_CLASS_LARGE  VDMA_SLOT_CLASSES
#define VDMA_SLOT_CACHED  64u

/**
 * struct vdma_unit - 4 KiB of a pool
 * @free: bit mask of free slots, if it is split
 * @first: first unit of the run that it belongs to
 * @next: next unit in its list; of the first unit of a run, the run's length
 * @prev: previous unit in its list
 * @class: class of its slots or of its run, or VDMA_UNIT_FREE
 * @mask: granules of one of its slots, less 1
 */
struct vdma_unit {
	uint64_t free;
	uint32_t first;
	uint32_t next;
	uint32_t prev;
	uint8_t class;
	uint8_t mask;
};

#define VDMA_UNIT_FREE 0xff

/**
 * struct vdma_slot_cache - per-CPU cache; a multiple of 128 bytes
 * @slot: free slots by class, or VDMA_SLOT_NONE
 * @in: bytes copied into the pool on this CPU
 * @out: bytes copied out of it
 * @cleared: bytes of buffers that were cleared
 * @top: number of entries of @slot in use; a hint, see slots_cache_pop()
 */
struct vdma_slot_cache {
	uint32_t slot[VDMA_SLOT_CLASSES][VDMA_SLOT_CACHED];
	uint64_t in;
	uint64_t out;
	uint64_t cleared;
	uint32_t top[VDMA_SLOT_CLASSES];
	uint32_t pad[21];
};

/**
 * struct vdma_slots - the allocator of one pool
 * @units: number of units
 * @small: how many of them hold slots of 64 bytes
 * @caches: number of caches
 * @count: slots in use or in a cache
 * @used: bytes of these
 * @used_max: maximum of @used
 * @lock: protects all but the caches
 * @cache: array of @caches
 * @unit: array of @units
 * @iova: which units are free
 * @partial: lists of split units that have a free slot, by class
 */
struct vdma_slots {
	uint32_t units;
	uint32_t small;
	uint32_t caches;
	uint32_t count;
	uint64_t used;
	uint64_t used_max;
	const struct vdma_lock *lock;
	struct vdma_slot_cache *cache;
	struct vdma_unit *unit;
	struct vdma_iova iova;
	uint32_t partial[VDMA_SLOT_SMALL];
};

struct vdma_slot_class {
	uint8_t granules;
	uint8_t count;
};

extern const struct vdma_slot_class vdma_slot_classes[VDMA_SLOT_SMALL];

/**
 * vdma_slots_size() - private memory that an allocator needs
 * @size: size of the pool in bytes
 * @cpus: number of CPUs
 *
 * Return: bytes, a multiple of 128.
 */
size_t vdma_slots_size(uint64_t size, uint32_t cpus);

/**
 * vdma_slots_init() - start with all slots free
 * @slots: initialized
 * @size: size of the pool in bytes, a multiple of 64 KiB, below 256 GiB
 * @cpus: number of CPUs, at least 1
 * @lock: taken when a cache cannot help; NULL if there is one CPU
 * @private_mem: vdma_slots_size() bytes, aligned to 8, better to 128
 */
void vdma_slots_init(struct vdma_slots *slots, uint64_t size, uint32_t cpus,
		     const struct vdma_lock *lock, void *private_mem);

/**
 * vdma_slots_alloc_aligned() - allocate a run of units at a multiple of @align
 * @slots: the allocator
 * @len: size in bytes, at least 1
 * @align: in bytes, a power of two, at least VDMA_UNIT_SIZE
 *
 * Return: the slot; VDMA_SLOT_NONE if the pool is full.
 */
uint32_t vdma_slots_alloc_aligned(struct vdma_slots *slots, uint64_t len,
				  uint64_t align);

/**
 * vdma_slots_bytes() - how much of the pool a slot takes
 * @len: size in bytes, at least 1
 *
 * Return: bytes; a larger slot may be allocated when this class has no free slot.
 */
uint64_t vdma_slots_bytes(uint64_t len);

/**
 * vdma_slots_records() - upper bound of vdma_slots_record()
 * @size: size of the pool in bytes
 */
uint32_t vdma_slots_records(uint64_t size);

/**
 * vdma_slots_live() - slots and bytes in use, those in caches not counted
 * @slots: the allocator
 * @bytes: set to the number of bytes
 *
 * Takes the lock for a moment. Exact when nobody allocates or frees meanwhile; never
 * too few when others only free.
 *
 * Return: number of slots.
 */
uint32_t vdma_slots_live(struct vdma_slots *slots, uint64_t *bytes);

/* Slow paths of vdma_slots_alloc() and vdma_slots_free(): take the lock. */
uint32_t vdma_slots_alloc_slow(struct vdma_slots *slots, uint64_t len,
			       unsigned int class,
			       struct vdma_slot_cache *cache);
void vdma_slots_free_slow(struct vdma_slots *slots, uint32_t slot,
			  unsigned int class, struct vdma_slot_cache *cache);

static inline unsigned int slots_run_class(uint64_t units)
{
	if (units == VDMA_PAGE_UNITS)
		return VDMA_CLASS_PAGE;
	return units == 1 ? VDMA_CLASS_UNIT : VDMA_CLASS_LARGE;
}

/* Units for @len bytes, which need not fit into the pool */
static inline uint64_t slots_units_for(uint64_t len)
{
	return (len + VDMA_UNIT_SIZE - 1) >> VDMA_UNIT_SHIFT;
}

/* The smallest class that holds @len bytes */
static inline unsigned int slots_class_for(uint64_t len)
{
	unsigned int class;

	for (class = 0; class < VDMA_SLOT_SMALL; class++)
		if (len <= (uint64_t)vdma_slot_classes[class].granules
				   << VDMA_SLOT_SHIFT)
			return class;
	return slots_run_class(slots_units_for(len));
}

static inline unsigned int slots_slot_class(const struct vdma_slots *slots,
					    uint32_t slot)
{
	return slots->unit[slot / VDMA_UNIT_GRANULES].class;
}

/*
 * Maximum number of cached slots of a class. A network driver unmaps dozens of sent
 * frames at a time and then maps as many; of large slots a few are kept when they are
 * freed, and none is allocated in advance.
 */
static inline uint32_t slots_cache_places(unsigned int class)
{
	if (class < VDMA_CLASS_UNIT)
		return VDMA_SLOT_CACHED;
	return class == VDMA_CLASS_UNIT ? VDMA_SLOT_CACHED / 4 : 4;
}

/*
 * Acquire, as lwsync: a relaxed operation and a fence after it. For an operation with
 * __ATOMIC_ACQUIRE gcc emits isync (Power ISA 3.1, book II, 1.7.1 and B.2.1), which
 * discards what the CPU has started, and under TCG ends the translation block.
 * ThreadSanitizer does not support fences.
 */
#ifdef __SANITIZE_THREAD__
#define VDMA_ACQUIRE	     __ATOMIC_ACQUIRE
#define vdma_acquire_fence() ((void)0)
#else
#define VDMA_ACQUIRE	     __ATOMIC_RELAXED
#define vdma_acquire_fence() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif

/*
 * Lock-free stack. @top is only a hint and may be off after a concurrent push or pop.
 * Each entry says by itself whether it is free, so that entries above @top are not
 * lost: they are found when @top gets there, or when a full pool drains the caches.
 */
static inline uint32_t slots_cache_pop(struct vdma_slot_cache *cache,
				       unsigned int class)
{
	uint32_t *top = &cache->top[class];
	uint32_t n = __atomic_load_n(top, __ATOMIC_RELAXED);
	uint32_t slot = VDMA_SLOT_NONE;

	while (n && slot == VDMA_SLOT_NONE) {
		uint32_t *place = &cache->slot[class][--n];

		if (__atomic_load_n(place, __ATOMIC_RELAXED) != VDMA_SLOT_NONE)
			slot = __atomic_exchange_n(place, VDMA_SLOT_NONE,
						   VDMA_ACQUIRE);
	}
	__atomic_store_n(top, n, __ATOMIC_RELAXED);
	vdma_acquire_fence();
	return slot;
}

static inline bool slots_cache_push(struct vdma_slot_cache *cache,
				    unsigned int class, uint32_t slot)
{
	uint32_t *top = &cache->top[class];
	uint32_t n;

	for (n = __atomic_load_n(top, __ATOMIC_RELAXED);
	     n < slots_cache_places(class); n++) {
		uint32_t none = VDMA_SLOT_NONE;

		if (__atomic_compare_exchange_n(&cache->slot[class][n], &none,
						slot, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED)) {
			__atomic_store_n(top, n + 1, __ATOMIC_RELAXED);
			return true;
		}
	}
	return false;
}

/**
 * vdma_slots_cache() - the cache of a CPU
 * @slots: the allocator
 * @cpu: current CPU; a hint
 */
static inline struct vdma_slot_cache *
vdma_slots_cache(const struct vdma_slots *slots, uint32_t cpu)
{
	return &slots->cache[cpu < slots->caches ? cpu : cpu % slots->caches];
}

/**
 * vdma_slots_alloc() - allocate a slot
 * @slots: the allocator
 * @len: size in bytes, at least 1
 * @cache: vdma_slots_cache() of the current CPU
 *
 * Return: the slot; VDMA_SLOT_NONE if the pool is full.
 */
static inline uint32_t vdma_slots_alloc(struct vdma_slots *slots, uint64_t len,
					struct vdma_slot_cache *cache)
{
	unsigned int class = slots_class_for(len);
	uint32_t slot = VDMA_SLOT_NONE;

	if (class < VDMA_CLASS_LARGE)
		slot = slots_cache_pop(cache, class);
	return slot != VDMA_SLOT_NONE
		       ? slot
		       : vdma_slots_alloc_slow(slots, len, class, cache);
}

/**
 * vdma_slots_free() - free a slot
 * @slots: the allocator
 * @slot: an allocated slot
 * @cache: vdma_slots_cache() of the current CPU
 */
static inline void vdma_slots_free(struct vdma_slots *slots, uint32_t slot,
				   struct vdma_slot_cache *cache)
{
	unsigned int class = slots_slot_class(slots, slot);

	if (class >= VDMA_CLASS_LARGE || !slots_cache_push(cache, class, slot))
		vdma_slots_free_slow(slots, slot, class, cache);
}

/**
 * vdma_slots_find() - the slot that a granule belongs to
 * @slots: the allocator
 * @granule: offset in the pool / 64 bytes
 *
 * Return: the slot; VDMA_SLOT_NONE if the granule is in a free unit.
 */
static inline uint32_t vdma_slots_find(const struct vdma_slots *slots,
				       uint32_t granule)
{
	uint32_t u = granule / VDMA_UNIT_GRANULES;
	const struct vdma_unit *unit = &slots->unit[u];

	if (u >= slots->units || unit->class == VDMA_UNIT_FREE)
		return VDMA_SLOT_NONE;
	return unit->first * VDMA_UNIT_GRANULES +
	       (granule % VDMA_UNIT_GRANULES & ~(uint32_t)unit->mask);
}

/**
 * vdma_slots_record() - a small number that identifies a slot
 * @slots: the allocator
 * @slot: the slot
 *
 * Return: below vdma_slots_records(), unique among allocated slots.
 */
static inline uint32_t vdma_slots_record(const struct vdma_slots *slots,
					 uint32_t slot)
{
	uint32_t small = slots->small * VDMA_UNIT_GRANULES;

	return slot < small ? slot
			    : small + (slot - small) / VDMA_PIECE_GRANULES;
}

/**
 * vdma_slots_used_max() - maximum of bytes in use or in a cache
 * @slots: the allocator
 *
 * Context: any. Takes no lock.
 */
static inline uint64_t vdma_slots_used_max(const struct vdma_slots *slots)
{
	return __atomic_load_n(&slots->used_max, __ATOMIC_RELAXED);
}

#endif /* VDMA_SLOTS_H */
