/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Slots of a pool: which pieces of it are taken.
 *
 * A pool is cut into units of 4 KiB. A sixteenth of them has slots of 64 bytes,
 * for headers and status bytes. Of the others, a unit is cut into slots of 512
 * bytes or of 2 KiB while one of those is taken, and is a unit again when none
 * is; what is longer takes a run of units, the first that fits. Nothing is ever
 * split for good: when all is given back, the pool is one run again.
 *
 * Up to 4 KiB, and of 64 KiB, free slots are kept in a cache for each CPU: taking
 * and giving is one atomic operation there, without a lock. The CPU's number is a
 * hint; any CPU may take from any cache, and one that finds the pool full looks
 * into all of them before it says so.
 */
#ifndef VDMA_SLOTS_H
#define VDMA_SLOTS_H

#include <vdma/domain.h>
#include <vdma/iova.h>
#include <vdma/types.h>

/* A slot is named by its first granule: offset in the pool / 64 bytes. */
#define VDMA_SLOT_SHIFT		6
#define VDMA_SLOT_NONE		0xffffffffu

#define VDMA_UNIT_SHIFT		12
#define VDMA_UNIT_SIZE		((uint64_t)1 << VDMA_UNIT_SHIFT)

/* Granules in a unit; and in the shortest slot of most units */
#define VDMA_UNIT_GRANULES	(1u << (VDMA_UNIT_SHIFT - VDMA_SLOT_SHIFT))
#define VDMA_PIECE_GRANULES	8u

/* Sizes below a unit: 64, 512, 2048 bytes */
#define VDMA_SLOT_SMALL		3
/* Those that are cached: also 4 KiB and 64 KiB; and how many of each at most */
#define VDMA_SLOT_CLASSES	5
#define VDMA_SLOT_CACHED	64

/*
 * A unit: which of its slots are free, the first unit of the run that it is in,
 * its list, what it is used for, granules of a slot in it less 1.
 */
struct vdma_unit {
	uint64_t free;
	uint32_t first;
	uint32_t next;
	uint32_t before;
	uint8_t kind;
	uint8_t mask;
};

/* The kind of a unit that is not used; others are the library's business. */
#define VDMA_UNIT_FREE		0xff

/**
 * struct vdma_slot_cache - what belongs to one CPU; a multiple of 128 bytes
 * @slot: free slots by size, or VDMA_SLOT_NONE
 * @in: bytes copied into the pool on this CPU
 * @out: bytes copied out of it
 * @cleared: bytes of buffers that were cleared
 * @top: how many of @slot are in use, from the first on; may be wrong
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
 * struct vdma_slots - which pieces of a pool are taken
 * @units: how many units there are
 * @small: how many of them have slots of 64 bytes
 * @caches: how many caches there are
 * @count: slots that are taken or in a cache
 *
 * The rest is its own.
 */
struct vdma_slots {
	uint32_t units;
	uint32_t small;
	uint32_t caches;
	uint32_t count;

	/* private: */
	uint64_t taken;
	uint64_t taken_max;
	const struct vdma_lock *lock;
	struct vdma_slot_cache *cache;
	struct vdma_unit *unit;
	struct vdma_iova iova;
	uint32_t partial[VDMA_SLOT_SMALL];
};

/**
 * vdma_slots_size() - private memory that slots need
 * @size: size of the pool in bytes
 * @cpus: how many CPUs there are
 *
 * Return: bytes, a multiple of 128.
 */
size_t vdma_slots_size(uint64_t size, uint32_t cpus);

/**
 * vdma_slots_init() - begin with nothing taken
 * @slots: set up
 * @size: size of the pool in bytes, a multiple of 64 KiB, below 256 GiB
 * @cpus: how many CPUs there are, at least 1
 * @lock: taken when a cache can't help; NULL if there is one CPU
 * @private_mem: vdma_slots_size() bytes, aligned to 8, better to 128
 */
void vdma_slots_init(struct vdma_slots *slots, uint64_t size, uint32_t cpus,
		     const struct vdma_lock *lock, void *private_mem);

/**
 * vdma_slots_take() - take a slot
 * @slots: the slots
 * @len: bytes that it shall hold, at least 1
 * @cpu: the CPU that asks
 *
 * Return: the slot; VDMA_SLOT_NONE if there is none now.
 */
uint32_t vdma_slots_take(struct vdma_slots *slots, uint64_t len, uint32_t cpu);

/**
 * vdma_slots_take_aligned() - take a run of units at a multiple of its size
 * @slots: the slots
 * @len: bytes that it shall hold, at least 1
 * @align: in bytes, a power of two, at least VDMA_UNIT_SIZE
 *
 * Return: as vdma_slots_take().
 */
uint32_t vdma_slots_take_aligned(struct vdma_slots *slots, uint64_t len,
				 uint64_t align);

/**
 * vdma_slots_bytes() - how much of a pool a slot takes
 * @len: bytes that it shall hold, at least 1
 *
 * Return: bytes; a slot of another length may be taken when there is none of this.
 */
uint64_t vdma_slots_bytes(uint64_t len);

/**
 * vdma_slots_give() - give a slot back
 * @slots: the slots
 * @slot: what was taken, and not given yet
 * @cpu: the CPU that gives
 */
void vdma_slots_give(struct vdma_slots *slots, uint32_t slot, uint32_t cpu);

/**
 * vdma_slots_taken_max() - most bytes of slots that were ever taken or in a cache
 * @slots: the slots
 *
 * Context: any. Takes no lock: others may be about to change it.
 */
static inline uint64_t vdma_slots_taken_max(const struct vdma_slots *slots)
{
	return __atomic_load_n(&slots->taken_max, __ATOMIC_RELAXED);
}

/**
 * vdma_slots_find() - the slot that a granule belongs to
 * @slots: the slots
 * @granule: offset in the pool / 64 bytes
 *
 * Return: the slot; VDMA_SLOT_NONE if the granule is in none that was taken.
 */
static inline uint32_t vdma_slots_find(const struct vdma_slots *slots,
				       uint32_t granule)
{
	uint32_t u = granule / VDMA_UNIT_GRANULES;
	const struct vdma_unit *unit = &slots->unit[u];

	if (u >= slots->units || unit->kind == VDMA_UNIT_FREE)
		return VDMA_SLOT_NONE;
	return unit->first * VDMA_UNIT_GRANULES +
	       (granule % VDMA_UNIT_GRANULES & ~(uint32_t)unit->mask);
}

/**
 * vdma_slots_record() - a small number for a slot
 * @slots: the slots
 * @slot: the slot
 *
 * Return: below vdma_slots_records(), and no other slot's while it is taken.
 */
static inline uint32_t vdma_slots_record(const struct vdma_slots *slots,
					 uint32_t slot)
{
	uint32_t small = slots->small * VDMA_UNIT_GRANULES;

	return slot < small ? slot :
			      small + (slot - small) / VDMA_PIECE_GRANULES;
}

/**
 * vdma_slots_records() - how many numbers vdma_slots_record() gives
 * @size: size of the pool in bytes
 */
uint32_t vdma_slots_records(uint64_t size);

/**
 * vdma_slots_live() - slots and bytes that are taken and in no cache
 * @slots: the slots
 * @bytes: how many bytes that is
 *
 * Takes the lock for a moment. Exact when nobody takes or gives meanwhile; never
 * too few when others only give.
 *
 * Return: how many slots.
 */
uint32_t vdma_slots_live(struct vdma_slots *slots, uint64_t *bytes);

#endif /* VDMA_SLOTS_H */
