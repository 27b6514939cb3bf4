// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Slots of a pool: units out of a bitmap, small slots out of units.
 */
#include "slots.h"

#define NONE		VDMA_SLOT_NONE
#define PIECES		(UNIT_GRANULES / VDMA_PIECE_GRANULES)
#define ALIGN		((size_t)128)
/* With less of the pool for each, caches would hold too much of it. */
#define SHARE_OF_CACHE	((uint64_t)512 << 10)

const struct slot_class vdma_slot_classes[VDMA_SLOT_SMALL] = {
	{ 1, UNIT_GRANULES },
	{ VDMA_PIECE_GRANULES, PIECES },
	{ UNIT_GRANULES / 2, 2 },
};

static uint32_t units_in(uint64_t size)
{
	return (uint32_t)(size >> VDMA_UNIT_SHIFT);
}

/* Those with the shortest slots */
static uint32_t small_of(uint32_t units)
{
	return units / 16;
}

uint32_t vdma_slot_caches(uint64_t size, uint32_t cpus)
{
	uint64_t most = size / SHARE_OF_CACHE;

	if (!most)
		most = 1;
	return cpus < most ? cpus : (uint32_t)most;
}

static size_t align_up(size_t size)
{
	return (size + ALIGN - 1) & ~(ALIGN - 1);
}

static size_t caches_size(uint64_t size, uint32_t cpus)
{
	return vdma_slot_caches(size, cpus) * sizeof(struct vdma_slot_cache);
}

static size_t units_size(uint64_t size)
{
	return align_up(units_in(size) * sizeof(struct vdma_unit));
}

size_t vdma_slots_size(uint64_t size, uint32_t cpus)
{
	return caches_size(size, cpus) + units_size(size) +
	       align_up(vdma_iova_size(units_in(size)));
}

uint32_t vdma_slots_records(uint64_t size)
{
	uint32_t units = units_in(size), small = small_of(units);

	return small * UNIT_GRANULES + (units - small) * PIECES;
}

static uint64_t all_free(unsigned int class)
{
	return ~(uint64_t)0 >> (64 - vdma_slot_classes[class].count);
}

static void link_partial(struct vdma_slots *s, unsigned int class, uint32_t u)
{
	struct vdma_unit *unit = &s->unit[u];

	unit->before = NONE;
	unit->next = s->partial[class];
	if (unit->next != NONE)
		s->unit[unit->next].before = u;
	s->partial[class] = u;
}

static void unlink_partial(struct vdma_slots *s, unsigned int class, uint32_t u)
{
	const struct vdma_unit *unit = &s->unit[u];

	if (unit->before == NONE)
		s->partial[class] = unit->next;
	else
		s->unit[unit->before].next = unit->next;
	if (unit->next != NONE)
		s->unit[unit->next].before = unit->before;
}

static void cut(struct vdma_slots *s, unsigned int class, uint32_t u)
{
	s->unit[u].kind = (uint8_t)class;
	s->unit[u].mask = (uint8_t)(vdma_slot_classes[class].granules - 1);
	s->unit[u].first = u;
	s->unit[u].free = all_free(class);
	link_partial(s, class, u);
}

void vdma_slots_init(struct vdma_slots *slots, uint64_t size, uint32_t cpus,
		     const struct vdma_lock *lock, void *private_mem)
{
	char *mem = private_mem;
	uint32_t i, j;

	*slots = (struct vdma_slots){
		.units = units_in(size), .small = small_of(units_in(size)),
		.caches = vdma_slot_caches(size, cpus), .lock = lock,
		.cache = private_mem,
		.partial = { NONE, NONE, NONE },
	};
	mem += caches_size(size, cpus);
	slots->unit = (struct vdma_unit *)mem;
	mem += units_size(size);
	vdma_iova_init(&slots->iova, mem, slots->units);

	for (i = 0; i < slots->caches; i++) {
		struct vdma_slot_cache *cache = &slots->cache[i];

		*cache = (struct vdma_slot_cache){ .in = 0 };
		for (j = 0; j < VDMA_SLOT_CLASSES * VDMA_SLOT_CACHED; j++)
			(&cache->slot[0][0])[j] = NONE;
	}
	for (i = 0; i < slots->units; i++)
		slots->unit[i].kind = VDMA_UNIT_FREE;
	vdma_iova_take_from(&slots->iova, slots->small, 0);
	for (i = slots->small; i--; )
		cut(slots, 0, i);
}

static uint32_t run_length(const struct vdma_slots *s, uint32_t slot)
{
	return s->unit[slot / UNIT_GRANULES].next;
}

static uint64_t slot_bytes(const struct vdma_slots *s, uint32_t slot)
{
	unsigned int class = slot_class(s, slot);

	if (class < CLASS_LONG)
		return slot_class_bytes(class);
	return (uint64_t)run_length(s, slot) << VDMA_UNIT_SHIFT;
}

uint64_t vdma_slots_bytes(uint64_t len)
{
	unsigned int class = slot_class_for(len);

	return class < CLASS_LONG ? slot_class_bytes(class) :
				    slot_units_for(len) << VDMA_UNIT_SHIFT;
}

/* Written under the lock, read without it. */
static void set_taken(struct vdma_slots *s, uint64_t taken)
{
	__atomic_store_n(&s->taken, taken, __ATOMIC_RELAXED);
	if (taken > s->taken_max)
		__atomic_store_n(&s->taken_max, taken, __ATOMIC_RELAXED);
}

static uint32_t account(struct vdma_slots *s, uint32_t slot)
{
	if (slot == NONE)
		return NONE;
	s->count++;
	set_taken(s, s->taken + slot_bytes(s, slot));
	return slot;
}

static uint32_t become_run(struct vdma_slots *s, uint32_t first, uint32_t n)
{
	uint8_t kind = (uint8_t)slot_class_of_run(n);
	uint32_t i;

	for (i = first; i < first + n; i++) {
		s->unit[i].kind = kind;
		s->unit[i].mask = UNIT_GRANULES - 1;
		s->unit[i].first = first;
	}
	s->unit[first].next = n;
	return first * UNIT_GRANULES;
}

static void give_units(struct vdma_slots *s, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = first; i < first + n; i++)
		s->unit[i].kind = VDMA_UNIT_FREE;
	vdma_iova_give(&s->iova, first, n);
}

/* First fit leaves longer runs than going on where the last one was. */
static uint32_t take_units(struct vdma_slots *s, uint32_t n)
{
	return vdma_iova_take_from(&s->iova, n, 0);
}

static uint32_t take_run(struct vdma_slots *s, uint32_t n, uint32_t align)
{
	uint32_t first = take_units(s, n + align - 1);
	uint32_t begin;

	if (first == VDMA_IOVA_NONE)
		return NONE;
	/* What is not needed in front and behind */
	begin = (first + align - 1) & ~(align - 1);
	if (begin > first)
		give_units(s, first, begin - first);
	if (first + align - 1 > begin)
		give_units(s, begin + n, first + align - 1 - begin);
	return become_run(s, begin, n);
}

static uint32_t take_small(struct vdma_slots *s, unsigned int class)
{
	uint32_t u = s->partial[class];
	struct vdma_unit *unit;
	uint32_t i;

	if (u == NONE) {
		/* Of the shortest there are no more than at first. */
		u = class ? take_units(s, 1) : VDMA_IOVA_NONE;
		if (u == VDMA_IOVA_NONE)
			return NONE;
		cut(s, class, u);
	}
	unit = &s->unit[u];
	i = (uint32_t)__builtin_ctzll(unit->free);
	unit->free &= unit->free - 1;
	if (!unit->free)
		unlink_partial(s, class, u);
	return u * UNIT_GRANULES + i * vdma_slot_classes[class].granules;
}

uint32_t vdma_slot_take_one(struct vdma_slots *s, unsigned int class)
{
	return account(s, class < CLASS_UNIT ? take_small(s, class) :
					       take_run(s, 1, 1));
}

uint32_t vdma_slot_take_any(struct vdma_slots *s, unsigned int class)
{
	uint32_t slot = NONE;

	for (; class <= CLASS_UNIT && slot == NONE; class++)
		slot = vdma_slot_take_one(s, class);
	return slot;
}

uint32_t vdma_slot_take_run(struct vdma_slots *s, uint64_t len, uint64_t align)
{
	uint64_t n = slot_units_for(len);

	if (n > s->units)
		return NONE;
	return account(s, take_run(s, (uint32_t)n, units_in(align)));
}

static void give_small(struct vdma_slots *s, uint32_t u, uint32_t slot)
{
	struct vdma_unit *unit = &s->unit[u];
	unsigned int class = unit->kind;

	if (!unit->free)
		link_partial(s, class, u);
	unit->free |= (uint64_t)1 << slot % UNIT_GRANULES /
				     vdma_slot_classes[class].granules;
	if (!class || unit->free != all_free(class))
		return;
	unlink_partial(s, class, u);
	give_units(s, u, 1);
}

void vdma_slot_give(struct vdma_slots *s, uint32_t slot)
{
	uint32_t u = slot / UNIT_GRANULES;

	s->count--;
	set_taken(s, s->taken - slot_bytes(s, slot));
	if (slot_class(s, slot) >= CLASS_UNIT)
		give_units(s, u, run_length(s, slot));
	else
		give_small(s, u, slot);
}
