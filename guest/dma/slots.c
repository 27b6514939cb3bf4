// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Slot allocator: units from a bitmap, small slots from units, and a cache of free
 * slots per CPU. An entry of a cache changes by one atomic operation, so that it needs
 * no lock and migration to another CPU is harmless; everything else is used under the
 * lock.
 */
#include "slots.h"

#define NONE   VDMA_SLOT_NONE
#define PIECES (VDMA_UNIT_GRANULES / VDMA_PIECE_GRANULES)
#define ALIGN  ((size_t)128)
/* Pool size per cache: caches of a smaller pool would hold too much of it. */
#define SHARE_OF_CACHE ((uint64_t)512 << 10)
/* How many slots move between a cache and the pool at once */
#define BATCH 16u

const struct vdma_slot_class vdma_slot_classes[VDMA_SLOT_SMALL] = {
	{ 1, VDMA_UNIT_GRANULES },
	{ VDMA_PIECE_GRANULES, PIECES },
	{ VDMA_UNIT_GRANULES / 2, 2 },
};

static uint32_t slots_nr_units(uint64_t size)
{
	return (uint32_t)(size >> VDMA_UNIT_SHIFT);
}

/* Units that hold the smallest slots */
static uint32_t slots_nr_small(uint32_t units)
{
	return units / 16;
}

static uint32_t slots_nr_caches(uint64_t size, uint32_t cpus)
{
	uint64_t max = size / SHARE_OF_CACHE;

	if (!max)
		max = 1;
	return cpus < max ? cpus : (uint32_t)max;
}

static size_t slots_align(size_t size)
{
	return (size + ALIGN - 1) & ~(ALIGN - 1);
}

static size_t slots_caches_size(uint64_t size, uint32_t cpus)
{
	return slots_nr_caches(size, cpus) * sizeof(struct vdma_slot_cache);
}

static size_t slots_units_size(uint64_t size)
{
	return slots_align(slots_nr_units(size) * sizeof(struct vdma_unit));
}

size_t vdma_slots_size(uint64_t size, uint32_t cpus)
{
	return slots_caches_size(size, cpus) + slots_units_size(size) +
	       slots_align(vdma_iova_size(slots_nr_units(size)));
}

uint32_t vdma_slots_records(uint64_t size)
{
	uint32_t units = slots_nr_units(size), small = slots_nr_small(units);

	return small * VDMA_UNIT_GRANULES + (units - small) * PIECES;
}

static uint64_t slots_all_free(unsigned int class)
{
	return ~(uint64_t)0 >> (64 - vdma_slot_classes[class].count);
}

static void slots_link_partial(struct vdma_slots *s, unsigned int class,
			       uint32_t u)
{
	struct vdma_unit *unit = &s->unit[u];

	unit->prev = NONE;
	unit->next = s->partial[class];
	if (unit->next != NONE)
		s->unit[unit->next].prev = u;
	s->partial[class] = u;
}

static void slots_unlink_partial(struct vdma_slots *s, unsigned int class,
				 uint32_t u)
{
	const struct vdma_unit *unit = &s->unit[u];

	if (unit->prev == NONE)
		s->partial[class] = unit->next;
	else
		s->unit[unit->prev].next = unit->next;
	if (unit->next != NONE)
		s->unit[unit->next].prev = unit->prev;
}

static void slots_split_unit(struct vdma_slots *s, unsigned int class,
			     uint32_t u)
{
	s->unit[u].class = (uint8_t)class;
	s->unit[u].mask = (uint8_t)(vdma_slot_classes[class].granules - 1);
	s->unit[u].first = u;
	s->unit[u].free = slots_all_free(class);
	slots_link_partial(s, class, u);
}

void vdma_slots_init(struct vdma_slots *slots, uint64_t size, uint32_t cpus,
		     const struct vdma_lock *lock, void *private_mem)
{
	char *mem = private_mem;
	uint32_t i, j;

	*slots = (struct vdma_slots){
		.units = slots_nr_units(size),
		.small = slots_nr_small(slots_nr_units(size)),
		.caches = slots_nr_caches(size, cpus),
		.lock = lock,
		.cache = private_mem,
		.partial = { NONE, NONE, NONE },
	};
	mem += slots_caches_size(size, cpus);
	slots->unit = (struct vdma_unit *)mem;
	mem += slots_units_size(size);
	vdma_iova_init(&slots->iova, mem, slots->units);

	for (i = 0; i < slots->caches; i++) {
		struct vdma_slot_cache *cache = &slots->cache[i];

		*cache = (struct vdma_slot_cache){ .in = 0 };
		for (j = 0; j < VDMA_SLOT_CLASSES * VDMA_SLOT_CACHED; j++)
			(&cache->slot[0][0])[j] = NONE;
	}
	for (i = 0; i < slots->units; i++)
		slots->unit[i].class = VDMA_UNIT_FREE;
	vdma_iova_alloc_from(&slots->iova, slots->small, 0);
	for (i = slots->small; i--;)
		slots_split_unit(slots, 0, i);
}

/* The pool, under the lock ---------------------------------------------------- */

static uint32_t slots_run_length(const struct vdma_slots *s, uint32_t slot)
{
	return s->unit[slot / VDMA_UNIT_GRANULES].next;
}

/* Bytes of a slot of a class below VDMA_CLASS_LARGE */
static uint64_t slots_class_bytes(unsigned int class)
{
	if (class < VDMA_CLASS_UNIT)
		return (uint64_t)vdma_slot_classes[class].granules
		       << VDMA_SLOT_SHIFT;
	return class == VDMA_CLASS_UNIT ? VDMA_UNIT_SIZE
					: VDMA_PAGE_UNITS * VDMA_UNIT_SIZE;
}

static uint64_t slots_slot_bytes(const struct vdma_slots *s, uint32_t slot)
{
	unsigned int class = slots_slot_class(s, slot);

	if (class < VDMA_CLASS_LARGE)
		return slots_class_bytes(class);
	return (uint64_t)slots_run_length(s, slot) << VDMA_UNIT_SHIFT;
}

uint64_t vdma_slots_bytes(uint64_t len)
{
	unsigned int class = slots_class_for(len);

	return class < VDMA_CLASS_LARGE
		       ? slots_class_bytes(class)
		       : slots_units_for(len) << VDMA_UNIT_SHIFT;
}

/* Written under the lock, read without it */
static void slots_set_used(struct vdma_slots *s, uint64_t used)
{
	__atomic_store_n(&s->used, used, __ATOMIC_RELAXED);
	if (used > s->used_max)
		__atomic_store_n(&s->used_max, used, __ATOMIC_RELAXED);
}

static uint32_t slots_account(struct vdma_slots *s, uint32_t slot)
{
	if (slot == NONE)
		return NONE;
	s->count++;
	slots_set_used(s, s->used + slots_slot_bytes(s, slot));
	return slot;
}

static void slots_free_units(struct vdma_slots *s, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = first; i < first + n; i++)
		s->unit[i].class = VDMA_UNIT_FREE;
	vdma_iova_free(&s->iova, first, n);
}

/* First fit leaves longer runs than next fit. */
static uint32_t slots_alloc_units(struct vdma_slots *s, uint32_t n)
{
	return vdma_iova_alloc_from(&s->iova, n, 0);
}

static uint32_t slots_make_run(struct vdma_slots *s, uint32_t first, uint32_t n)
{
	uint8_t class = (uint8_t)slots_run_class(n);
	uint32_t i;

	for (i = first; i < first + n; i++) {
		s->unit[i].class = class;
		s->unit[i].mask = VDMA_UNIT_GRANULES - 1;
		s->unit[i].first = first;
	}
	s->unit[first].next = n;
	return first * VDMA_UNIT_GRANULES;
}

/* @n units at a multiple of @align units */
static uint32_t slots_alloc_run(struct vdma_slots *s, uint32_t n,
				uint32_t align)
{
	uint32_t first = slots_alloc_units(s, n + align - 1);
	uint32_t begin;

	if (first == VDMA_IOVA_NONE)
		return NONE;
	/* Free the units before and after the aligned run. */
	begin = (first + align - 1) & ~(align - 1);
	if (begin > first)
		slots_free_units(s, first, begin - first);
	if (first + align - 1 > begin)
		slots_free_units(s, begin + n, first + align - 1 - begin);
	return slots_make_run(s, begin, n);
}

static uint32_t slots_alloc_small(struct vdma_slots *s, unsigned int class)
{
	uint32_t u = s->partial[class];
	struct vdma_unit *unit;
	uint32_t i;

	if (u == NONE) {
		/* The number of units with the smallest slots is fixed. */
		u = class ? slots_alloc_units(s, 1) : VDMA_IOVA_NONE;
		if (u == VDMA_IOVA_NONE)
			return NONE;
		slots_split_unit(s, class, u);
	}
	unit = &s->unit[u];
	i = (uint32_t)__builtin_ctzll(unit->free);
	unit->free &= unit->free - 1;
	if (!unit->free)
		slots_unlink_partial(s, class, u);
	return u * VDMA_UNIT_GRANULES + i * vdma_slot_classes[class].granules;
}

/* A slot of exactly this class */
static uint32_t slots_alloc_class(struct vdma_slots *s, unsigned int class)
{
	return slots_account(s, class < VDMA_CLASS_UNIT
					? slots_alloc_small(s, class)
					: slots_alloc_run(s, 1, 1));
}

static uint32_t slots_alloc_large(struct vdma_slots *s, uint64_t len,
				  uint64_t align)
{
	uint64_t n = slots_units_for(len);
	uint32_t unit;

	if (n > s->units)
		return NONE;
	unit = slots_alloc_run(s, (uint32_t)n, slots_nr_units(align));
	return slots_account(s, unit);
}

/* A slot of this class, or else of the next larger class with a free slot */
static uint32_t slots_alloc_pool(struct vdma_slots *s, uint64_t len,
				 unsigned int class)
{
	uint32_t slot = NONE;

	if (class >= VDMA_CLASS_PAGE)
		return slots_alloc_large(s, len, VDMA_UNIT_SIZE);
	for (; class <= VDMA_CLASS_UNIT && slot == NONE; class++)
		slot = slots_alloc_class(s, class);
	return slot;
}

static void slots_free_small(struct vdma_slots *s, uint32_t u, uint32_t slot)
{
	struct vdma_unit *unit = &s->unit[u];
	unsigned int class = unit->class;

	if (!unit->free)
		slots_link_partial(s, class, u);
	unit->free |= (uint64_t)1 << slot % VDMA_UNIT_GRANULES /
					     vdma_slot_classes[class].granules;
	if (!class || unit->free != slots_all_free(class))
		return;
	slots_unlink_partial(s, class, u);
	slots_free_units(s, u, 1);
}

static void slots_free_pool(struct vdma_slots *s, uint32_t slot)
{
	uint32_t u = slot / VDMA_UNIT_GRANULES;

	s->count--;
	slots_set_used(s, s->used - slots_slot_bytes(s, slot));
	if (slots_slot_class(s, slot) >= VDMA_CLASS_UNIT)
		slots_free_units(s, u, slots_run_length(s, slot));
	else
		slots_free_small(s, u, slot);
}

/* The caches ------------------------------------------------------------------ */

/* Under the lock: frees up to @max slots of a class; true if there were as many. */
static bool slots_cache_drain(struct vdma_slots *s,
			      struct vdma_slot_cache *cache, unsigned int class,
			      unsigned int max)
{
	uint32_t slot = NONE;

	while (max-- && (slot = slots_cache_pop(cache, class)) != NONE)
		slots_free_pool(s, slot);
	return slot != NONE;
}

/* Takes the lock once per batch, so that others do not wait for longer. */
static void slots_cache_drain_class(struct vdma_slots *s,
				    struct vdma_slot_cache *cache,
				    unsigned int class)
{
	uint32_t left = slots_cache_places(class);
	bool more = true;

	/* Also entries that the hint has missed */
	__atomic_store_n(&cache->top[class], left, __ATOMIC_RELAXED);
	for (; more && left; left -= left < BATCH ? left : BATCH) {
		vdma_lock_acquire(s->lock);
		more = slots_cache_drain(s, cache, class, BATCH);
		vdma_lock_release(s->lock);
	}
}

static void slots_drain_caches(struct vdma_slots *s)
{
	unsigned int class;
	uint32_t i;

	for (i = 0; i < s->caches; i++)
		for (class = 0; class < VDMA_SLOT_CLASSES; class++)
			slots_cache_drain_class(s, &s->cache[i], class);
}

/* Under the lock: caches more slots of the class, unless the pool runs short. */
static void slots_cache_refill(struct vdma_slots *s,
			       struct vdma_slot_cache *cache,
			       unsigned int class)
{
	unsigned int i;

	for (i = 1; i < BATCH && s->iova.used < s->units / 4 * 3; i++) {
		uint32_t slot = slots_alloc_class(s, class);

		if (slot == NONE)
			return;
		if (!slots_cache_push(cache, class, slot)) {
			slots_free_pool(s, slot);
			return;
		}
	}
}

uint32_t vdma_slots_alloc_slow(struct vdma_slots *s, uint64_t len,
			       unsigned int class,
			       struct vdma_slot_cache *cache)
{
	uint32_t slot;

	vdma_lock_acquire(s->lock);
	slot = slots_alloc_pool(s, len, class);
	if (slot != NONE && class < VDMA_CLASS_PAGE)
		slots_cache_refill(s, cache, class);
	vdma_lock_release(s->lock);
	if (slot != NONE)
		return slot;
	slots_drain_caches(s);
	vdma_lock_acquire(s->lock);
	slot = slots_alloc_pool(s, len, class);
	vdma_lock_release(s->lock);
	return slot;
}

void vdma_slots_free_slow(struct vdma_slots *s, uint32_t slot,
			  unsigned int class, struct vdma_slot_cache *cache)
{
	vdma_lock_acquire(s->lock);
	slots_free_pool(s, slot);
	if (class < VDMA_CLASS_PAGE)
		slots_cache_drain(s, cache, class, BATCH - 1);
	vdma_lock_release(s->lock);
}

static uint32_t slots_try_aligned(struct vdma_slots *s, uint64_t len,
				  uint64_t align)
{
	uint32_t slot;

	vdma_lock_acquire(s->lock);
	slot = slots_alloc_large(s, len, align);
	vdma_lock_release(s->lock);
	return slot;
}

uint32_t vdma_slots_alloc_aligned(struct vdma_slots *slots, uint64_t len,
				  uint64_t align)
{
	uint32_t slot = slots_try_aligned(slots, len, align);

	if (slot != NONE)
		return slot;
	slots_drain_caches(slots);
	return slots_try_aligned(slots, len, align);
}

static uint32_t slots_cache_count(const struct vdma_slot_cache *cache,
				  unsigned int class)
{
	uint32_t count = 0, i;

	for (i = 0; i < slots_cache_places(class); i++)
		count += __atomic_load_n(&cache->slot[class][i],
					 __ATOMIC_RELAXED) != NONE;
	return count;
}

/*
 * The total is read first. A slot that is freed after that, to a cache or to the pool,
 * may still count as live; a slot that is live all the time always does.
 */
uint32_t vdma_slots_live(struct vdma_slots *slots, uint64_t *bytes)
{
	uint64_t idle_bytes = 0, used;
	uint32_t idle = 0, count, i;
	unsigned int class;

	vdma_lock_acquire(slots->lock);
	count = slots->count;
	used = slots->used;
	vdma_lock_release(slots->lock);
	for (i = 0; i < slots->caches; i++)
		for (class = 0; class < VDMA_SLOT_CLASSES; class++) {
			uint32_t n = slots_cache_count(&slots->cache[i], class);

			idle += n;
			idle_bytes += n * slots_class_bytes(class);
		}
	/* More is idle if others have allocated and freed meanwhile. */
	*bytes = idle_bytes < used ? used - idle_bytes : 0;
	return idle < count ? count - idle : 0;
}
