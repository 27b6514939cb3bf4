/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What a CPU does with its own cache. In line: a request of a disk comes here eight
 * times, and under TCG it is calls and returns that cost, for each is looked up.
 */
#ifndef VDMA_SLOT_CACHE_H
#define VDMA_SLOT_CACHE_H

#include "acquire.h"
#include "slots.h"

/*
 * How many slots of a class are kept at most. A network card's driver unmaps what it
 * has sent dozens of frames at a time, and then maps as many; of what is long a few
 * are kept when they are given, and none is taken in advance.
 */
static inline uint32_t slot_places(unsigned int class)
{
	if (class < CLASS_UNIT)
		return VDMA_SLOT_CACHED;
	return class == CLASS_UNIT ? VDMA_SLOT_CACHED / 4 : 4;
}

static inline struct vdma_slot_cache *slot_cache(const struct vdma_slots *s,
						 uint32_t cpu)
{
	return &s->cache[cpu < s->caches ? cpu : cpu % s->caches];
}

/*
 * A stack, but that its top is a hint: who comes in between may leave it too low or
 * too high. A place tells itself whether it is free; what lies above the top is found
 * when the top gets there, or by a pool that is short.
 */
static inline uint32_t slot_pop(struct vdma_slot_cache *cache,
				unsigned int class)
{
	uint32_t *top = &cache->top[class];
	uint32_t n = __atomic_load_n(top, __ATOMIC_RELAXED);
	uint32_t slot = VDMA_SLOT_NONE;

	while (n && slot == VDMA_SLOT_NONE) {
		uint32_t *place = &cache->slot[class][--n];

		if (__atomic_load_n(place, __ATOMIC_RELAXED) != VDMA_SLOT_NONE)
			slot = __atomic_exchange_n(place, VDMA_SLOT_NONE,
						   ACQUIRE);
	}
	__atomic_store_n(top, n, __ATOMIC_RELAXED);
	acquire_fence();
	return slot;
}

static inline bool slot_push(struct vdma_slot_cache *cache, unsigned int class,
			     uint32_t slot)
{
	uint32_t *top = &cache->top[class];
	uint32_t n;

	for (n = __atomic_load_n(top, __ATOMIC_RELAXED); n < slot_places(class);
	     n++) {
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

/* What a cache can't do: takes the lock. */
uint32_t vdma_slot_take_pool(struct vdma_slots *s, uint64_t len,
			     unsigned int class, struct vdma_slot_cache *cache);
void vdma_slot_give_pool(struct vdma_slots *s, uint32_t slot,
			 unsigned int class, struct vdma_slot_cache *cache);

/* vdma_slots_take() and vdma_slots_give() */
static inline uint32_t slot_take(struct vdma_slots *s, uint64_t len,
				 struct vdma_slot_cache *cache)
{
	unsigned int class = slot_class_for(len);
	uint32_t slot = VDMA_SLOT_NONE;

	if (class < CLASS_LONG)
		slot = slot_pop(cache, class);
	return slot != VDMA_SLOT_NONE ?
	       slot : vdma_slot_take_pool(s, len, class, cache);
}

static inline void slot_give(struct vdma_slots *s, uint32_t slot,
			     struct vdma_slot_cache *cache)
{
	unsigned int class = slot_class(s, slot);

	if (class >= CLASS_LONG || !slot_push(cache, class, slot))
		vdma_slot_give_pool(s, slot, class, cache);
}

#endif /* VDMA_SLOT_CACHE_H */
