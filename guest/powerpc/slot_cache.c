// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * A cache of free slots for each CPU. A place in it is changed by one atomic
 * operation, so that it takes no lock and does not matter which CPU comes in
 * between; the pool behind it is used under the lock.
 */
#include "slot_cache.h"

#define NONE	VDMA_SLOT_NONE
/* How much moves between a cache and the pool at once */
#define BATCH	16u

/* Gives up to @most slots of a class back to the pool. */
static void drain(struct vdma_slots *s, struct vdma_slot_cache *cache,
		  unsigned int class, unsigned int most)
{
	uint32_t slot;

	while (most-- && (slot = slot_pop(cache, class)) != NONE)
		vdma_slot_give(s, slot);
}

static void drain_all(struct vdma_slots *s)
{
	unsigned int class;
	uint32_t i;

	for (i = 0; i < s->caches; i++)
		for (class = 0; class < VDMA_SLOT_CLASSES; class++) {
			uint32_t places = slot_places(class);

			/* Also what the top does not know of. */
			__atomic_store_n(&s->cache[i].top[class], places,
					 __ATOMIC_RELAXED);
			drain(s, &s->cache[i], class, places);
		}
}

/* More of the same, as long as the pool is not short of units. */
static void refill(struct vdma_slots *s, struct vdma_slot_cache *cache,
		   unsigned int class)
{
	unsigned int i;

	for (i = 1; i < BATCH && s->iova.taken < s->units / 4 * 3; i++) {
		uint32_t slot = vdma_slot_take_one(s, class);

		if (slot == NONE)
			return;
		if (!slot_push(cache, class, slot)) {
			vdma_slot_give(s, slot);
			return;
		}
	}
}

static uint32_t take(struct vdma_slots *s, uint64_t len, unsigned int class)
{
	return class < CLASS_PAGE ? vdma_slot_take_any(s, class) :
				    vdma_slot_take_run(s, len, VDMA_UNIT_SIZE);
}

uint32_t vdma_slot_take_pool(struct vdma_slots *s, uint64_t len,
			     unsigned int class, struct vdma_slot_cache *cache)
{
	uint32_t slot;

	vdma_lock_acquire(s->lock);
	slot = take(s, len, class);
	if (slot == NONE) {
		drain_all(s);
		slot = take(s, len, class);
	} else if (class < CLASS_PAGE) {
		refill(s, cache, class);
	}
	vdma_lock_release(s->lock);
	return slot;
}

uint32_t vdma_slots_take(struct vdma_slots *slots, uint64_t len, uint32_t cpu)
{
	return slot_take(slots, len, slot_cache(slots, cpu));
}

uint32_t vdma_slots_take_aligned(struct vdma_slots *slots, uint64_t len,
				 uint64_t align)
{
	uint32_t slot;

	vdma_lock_acquire(slots->lock);
	slot = vdma_slot_take_run(slots, len, align);
	if (slot == NONE) {
		drain_all(slots);
		slot = vdma_slot_take_run(slots, len, align);
	}
	vdma_lock_release(slots->lock);
	return slot;
}

void vdma_slot_give_pool(struct vdma_slots *s, uint32_t slot,
			 unsigned int class, struct vdma_slot_cache *cache)
{
	vdma_lock_acquire(s->lock);
	vdma_slot_give(s, slot);
	if (class < CLASS_PAGE)
		drain(s, cache, class, BATCH - 1);
	vdma_lock_release(s->lock);
}

void vdma_slots_give(struct vdma_slots *slots, uint32_t slot, uint32_t cpu)
{
	slot_give(slots, slot, slot_cache(slots, cpu));
}

/* While the lock is held no slot changes its kind, cached or not. */
static uint32_t cached(const struct vdma_slots *s, uint64_t *bytes)
{
	uint32_t count = 0, i, j;

	for (i = 0; i < s->caches; i++) {
		const uint32_t *all = &s->cache[i].slot[0][0];

		for (j = 0; j < VDMA_SLOT_CLASSES * VDMA_SLOT_CACHED; j++) {
			uint32_t slot = __atomic_load_n(&all[j],
							__ATOMIC_RELAXED);

			if (slot == NONE)
				continue;
			count++;
			*bytes += vdma_slot_bytes(s, slot);
		}
	}
	return count;
}

uint32_t vdma_slots_live(struct vdma_slots *slots, uint64_t *bytes)
{
	uint64_t idle = 0;
	uint32_t count;

	vdma_lock_acquire(slots->lock);
	count = cached(slots, &idle);
	/* One that changes caches meanwhile may have been seen twice. */
	*bytes = idle < slots->taken ? slots->taken - idle : 0;
	count = count < slots->count ? slots->count - count : 0;
	vdma_lock_release(slots->lock);
	return count;
}
