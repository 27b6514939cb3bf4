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

/* Under the lock: gives up to @most slots of a class back; true if there were. */
static bool drain(struct vdma_slots *s, struct vdma_slot_cache *cache,
		  unsigned int class, unsigned int most)
{
	uint32_t slot = NONE;

	while (most-- && (slot = slot_pop(cache, class)) != NONE)
		vdma_slot_give(s, slot);
	return slot != NONE;
}

/* Takes the lock for one batch after the other: others wait no longer than that. */
static void drain_class(struct vdma_slots *s, struct vdma_slot_cache *cache,
			unsigned int class)
{
	uint32_t left = slot_places(class);
	bool more = true;

	/* Also what the top does not know of. */
	__atomic_store_n(&cache->top[class], left, __ATOMIC_RELAXED);
	for (; more && left; left -= left < BATCH ? left : BATCH) {
		vdma_lock_acquire(s->lock);
		more = drain(s, cache, class, BATCH);
		vdma_lock_release(s->lock);
	}
}

static void drain_all(struct vdma_slots *s)
{
	unsigned int class;
	uint32_t i;

	for (i = 0; i < s->caches; i++)
		for (class = 0; class < VDMA_SLOT_CLASSES; class++)
			drain_class(s, &s->cache[i], class);
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
	if (slot != NONE && class < CLASS_PAGE)
		refill(s, cache, class);
	vdma_lock_release(s->lock);
	if (slot != NONE)
		return slot;
	drain_all(s);
	vdma_lock_acquire(s->lock);
	slot = take(s, len, class);
	vdma_lock_release(s->lock);
	return slot;
}

uint32_t vdma_slots_take(struct vdma_slots *slots, uint64_t len, uint32_t cpu)
{
	return slot_take(slots, len, slot_cache(slots, cpu));
}

static uint32_t take_run(struct vdma_slots *s, uint64_t len, uint64_t align)
{
	uint32_t slot;

	vdma_lock_acquire(s->lock);
	slot = vdma_slot_take_run(s, len, align);
	vdma_lock_release(s->lock);
	return slot;
}

uint32_t vdma_slots_take_aligned(struct vdma_slots *slots, uint64_t len,
				 uint64_t align)
{
	uint32_t slot = take_run(slots, len, align);

	if (slot != NONE)
		return slot;
	drain_all(slots);
	return take_run(slots, len, align);
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

static uint32_t cached(const struct vdma_slot_cache *cache, unsigned int class)
{
	uint32_t count = 0, i;

	for (i = 0; i < slot_places(class); i++)
		count += __atomic_load_n(&cache->slot[class][i],
					 __ATOMIC_RELAXED) != NONE;
	return count;
}

/*
 * What is taken is read first. What is given after that, to a cache or to the
 * pool, may still count as live; what is live all the while always does.
 */
uint32_t vdma_slots_live(struct vdma_slots *slots, uint64_t *bytes)
{
	uint64_t idle_bytes = 0, taken;
	uint32_t idle = 0, count, i;
	unsigned int class;

	vdma_lock_acquire(slots->lock);
	count = slots->count;
	taken = slots->taken;
	vdma_lock_release(slots->lock);
	for (i = 0; i < slots->caches; i++)
		for (class = 0; class < VDMA_SLOT_CLASSES; class++) {
			uint32_t n = cached(&slots->cache[i], class);

			idle += n;
			idle_bytes += n * slot_class_bytes(class);
		}
	/* More is idle if others have taken and given meanwhile. */
	*bytes = idle_bytes < taken ? taken - idle_bytes : 0;
	return idle < count ? count - idle : 0;
}
