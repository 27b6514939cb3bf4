/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Between bounce.c, which makes a pool, and bounce_map.c, which copies. */
#ifndef VDMA_BOUNCE_PRIVATE_H
#define VDMA_BOUNCE_PRIVATE_H

#include <vdma/bounce.h>
#include <vdma/error.h>
#include "acquire.h"

/*
 * The state of a record: what is in the slot, or 0 in the low bits; above, how
 * often it was used.
 */
#define STATE_DIR	0x3u
#define STATE_ALLOC	0x4u
#define STATE_LIVE	(STATE_DIR | STATE_ALLOC)
#define STATE_USE	0x8u

static inline uint32_t bounce_cpu(const struct vdma_bounce *b)
{
	return b->config.cpu ? b->config.cpu(b->config.ctx) : 0;
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
uint32_t vdma_bounce_slot(const struct vdma_bounce *b, uint64_t dma);

/* Makes a slot live; returns its state. */
uint32_t vdma_bounce_begin(struct vdma_bounce *b, uint32_t slot, uint64_t phys,
			   uint64_t len, uint32_t kind);

/*
 * Ends it, for one caller only: the slot at @dma if it is live, of this length
 * and kind; its last state goes to @state. VDMA_SLOT_NONE if there is none. The
 * caller gives it back.
 */
uint32_t vdma_bounce_end(struct vdma_bounce *b, uint64_t dma, uint64_t len,
			 uint32_t kind, uint32_t *state);

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
