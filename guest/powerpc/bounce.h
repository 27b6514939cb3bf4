/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Between bounce.c, which makes a pool, and bounce_map.c, which copies. */
#ifndef VDMA_BOUNCE_PRIVATE_H
#define VDMA_BOUNCE_PRIVATE_H

#include <vdma/bounce.h>
#include <vdma/error.h>
#include "slot_cache.h"

/*
 * The state of a record: what is in the slot, or 0 in the low bits; above, how
 * often it was used.
 */
#define STATE_DIR	0x3u
#define STATE_ALLOC	0x4u
#define STATE_LIVE	(STATE_DIR | STATE_ALLOC)
#define STATE_USE	0x8u

/* The CPU that asks, and what it has */
static inline uint32_t bounce_cpu(const struct vdma_bounce *b)
{
	return b->config.cpu ? b->config.cpu(b->config.ctx) : 0;
}

static inline struct vdma_slot_cache *bounce_cache(const struct vdma_bounce *b)
{
	return slot_cache(&b->slots, bounce_cpu(b));
}

static inline void *bounce_at(const struct vdma_bounce *b, uint32_t slot)
{
	return (char *)b->share.mem.cpu + ((size_t)slot << VDMA_SLOT_SHIFT);
}

static inline uint64_t bounce_dma(const struct vdma_bounce *b, uint32_t slot)
{
	return b->share.mem.dma + ((uint64_t)slot << VDMA_SLOT_SHIFT);
}

static inline struct vdma_bounce_record *
bounce_record(const struct vdma_bounce *b, uint32_t slot)
{
	return &b->records[vdma_slots_record(&b->slots, slot)];
}

/* Of a slot's record; what it says of the buffer is there, if it is live. */
static inline uint32_t bounce_state(const struct vdma_bounce_record *r)
{
	uint32_t state = __atomic_load_n(&r->state, ACQUIRE);

	acquire_fence();
	return state;
}

/* The slot with an address in it; VDMA_SLOT_NONE if there is none. */
static inline uint32_t bounce_slot(const struct vdma_bounce *b, uint64_t dma)
{
	uint64_t offset = dma - b->share.mem.dma;

	if (offset >= b->config.size)
		return VDMA_SLOT_NONE;
	return vdma_slots_find(&b->slots,
			       (uint32_t)(offset >> VDMA_SLOT_SHIFT));
}

/* Makes a slot live; returns its state. */
static inline uint32_t bounce_begin(struct vdma_bounce_record *r, uint64_t phys,
				    uint64_t len, uint32_t kind)
{
	uint32_t state = ((r->state & ~STATE_LIVE) + STATE_USE) | kind;

	r->phys = phys;
	r->len = (uint32_t)len;
	__atomic_store_n(&r->state, state, __ATOMIC_RELEASE);
	return state;
}

/*
 * Ends it, for one caller only: the slot at @dma if it is live, of this length
 * and kind; its last state goes to @state. VDMA_SLOT_NONE if there is none. The
 * caller gives it back.
 */
static inline uint32_t bounce_end(struct vdma_bounce *b, uint64_t dma,
				  uint64_t len, uint32_t kind, uint32_t *state)
{
	uint32_t slot = bounce_slot(b, dma);
	struct vdma_bounce_record *r;

	if (slot == VDMA_SLOT_NONE || bounce_dma(b, slot) != dma)
		return VDMA_SLOT_NONE;
	r = bounce_record(b, slot);
	*state = bounce_state(r);
	if ((*state & STATE_LIVE) != kind || r->len != len ||
	    !__atomic_compare_exchange_n(&r->state, state,
					 *state & ~STATE_LIVE, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return VDMA_SLOT_NONE;
	return slot;
}

/* The domain's functions that copy. */
int vdma_bounce_op_map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		       enum vdma_dir dir, uint64_t *dma);
int vdma_bounce_op_unmap(struct vdma_domain *domain, uint64_t dma,
			 uint64_t len, enum vdma_dir dir);
void vdma_bounce_op_for_device(struct vdma_domain *domain, uint64_t dma,
			       uint64_t len, enum vdma_dir dir);
void vdma_bounce_op_for_cpu(struct vdma_domain *domain, uint64_t dma,
			    uint64_t len, enum vdma_dir dir);

#endif /* VDMA_BOUNCE_PRIVATE_H */
