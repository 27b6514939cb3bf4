/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Between slots.c, which cuts slots out of a pool, and slot_cache.c, which keeps
 * free ones for each CPU.
 */
#ifndef VDMA_SLOTS_PRIVATE_H
#define VDMA_SLOTS_PRIVATE_H

#include <vdma/slots.h>

/* Granules of 64 bytes in a unit; and in the shortest slot of most units */
#define UNIT_GRANULES	(1u << (VDMA_UNIT_SHIFT - VDMA_SLOT_SHIFT))
#define PIECE_GRANULES	8u

/*
 * A page of Linux on POWER, of which block and network layers make most of what
 * is long
 */
#define PAGE_UNITS	16u

/* Classes of slots below a unit, a unit, a page; what is longer is not cached. */
#define CLASS_UNIT	((unsigned int)VDMA_SLOT_SMALL)
#define CLASS_PAGE	(CLASS_UNIT + 1)
#define CLASS_LONG	((unsigned int)VDMA_SLOT_CLASSES)

/* What a unit is: cut into slots of a class below a unit, or one of these */
enum {
	KIND_RUN = VDMA_SLOT_SMALL,
	KIND_BODY,
	KIND_FREE,
};

struct slot_class {
	uint8_t granules;
	uint8_t count;
};

extern const struct slot_class vdma_slot_classes[VDMA_SLOT_SMALL];

/* How many caches there are for a pool. */
uint32_t vdma_slot_caches(uint64_t size, uint32_t cpus);

/* The class that holds @len bytes, and the class of a slot. */
unsigned int vdma_slot_class_for(uint64_t len);
unsigned int vdma_slot_class(const struct vdma_slots *s, uint32_t slot);

/* Bytes that a slot takes. */
uint64_t vdma_slot_bytes(const struct vdma_slots *s, uint32_t slot);

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
