/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Between slots.c, which cuts slots out of a pool, and slot_cache.c, which keeps
 * free ones for each CPU.
 */
#ifndef VDMA_SLOTS_PRIVATE_H
#define VDMA_SLOTS_PRIVATE_H

#include <vdma/slots.h>

#define UNIT_GRANULES	VDMA_UNIT_GRANULES

/*
 * A page of Linux on POWER, of which block and network layers make most of what
 * is long
 */
#define PAGE_UNITS	16u

/* Classes of slots below a unit, a unit, a page; what is longer is not cached. */
#define CLASS_UNIT	((unsigned int)VDMA_SLOT_SMALL)
#define CLASS_PAGE	(CLASS_UNIT + 1)
#define CLASS_LONG	((unsigned int)VDMA_SLOT_CLASSES)

struct slot_class {
	uint8_t granules;
	uint8_t count;
};

extern const struct slot_class vdma_slot_classes[VDMA_SLOT_SMALL];

/* How many caches there are for a pool. */
uint32_t vdma_slot_caches(uint64_t size, uint32_t cpus);

static inline unsigned int slot_class_of_run(uint64_t units)
{
	if (units == PAGE_UNITS)
		return CLASS_PAGE;
	return units == 1 ? CLASS_UNIT : CLASS_LONG;
}

/* Units that hold @len bytes, which need not fit the pool */
static inline uint64_t slot_units_for(uint64_t len)
{
	return (len + VDMA_UNIT_SIZE - 1) >> VDMA_UNIT_SHIFT;
}

/* The class that holds @len bytes */
static inline unsigned int slot_class_for(uint64_t len)
{
	unsigned int class;

	for (class = 0; class < CLASS_UNIT; class++)
		if (len <= (uint64_t)vdma_slot_classes[class].granules <<
			   VDMA_SLOT_SHIFT)
			return class;
	return slot_class_of_run(slot_units_for(len));
}

/* Bytes that a slot of a class below CLASS_LONG takes */
static inline uint64_t slot_class_bytes(unsigned int class)
{
	if (class < CLASS_UNIT)
		return (uint64_t)vdma_slot_classes[class].granules <<
		       VDMA_SLOT_SHIFT;
	return class == CLASS_UNIT ? VDMA_UNIT_SIZE :
				     PAGE_UNITS * VDMA_UNIT_SIZE;
}

/* A unit's kind is the class of its slots, or of the run that it is in. */
static inline unsigned int slot_class(const struct vdma_slots *s, uint32_t slot)
{
	return s->unit[slot / UNIT_GRANULES].kind;
}

/*
 * Under the lock, as all below: a slot of a class or of the next longer one
 * that there is; exactly of a class; a run that holds @len bytes, begins at a
 * multiple of @align bytes. VDMA_SLOT_NONE if there is none.
 */
uint32_t vdma_slot_take_any(struct vdma_slots *s, unsigned int class);
uint32_t vdma_slot_take_one(struct vdma_slots *s, unsigned int class);
uint32_t vdma_slot_take_run(struct vdma_slots *s, uint64_t len, uint64_t align);

void vdma_slot_give(struct vdma_slots *s, uint32_t slot);

#endif /* VDMA_SLOTS_PRIVATE_H */
