// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Mode bounce: the pool, from being shared to being private again, and memory
 * of it that CPU and device share for long.
 */
#include "bounce.h"

static bool valid(const struct vdma_bounce_config *c)
{
	return c->size && !(c->size & (VDMA_UV_PAGE_SIZE - 1)) &&
	       c->size <= VDMA_BOUNCE_SIZE_MAX && c->cpus;
}

size_t vdma_bounce_private_size(const struct vdma_bounce_config *config)
{
	if (!valid(config))
		return 0;
	return vdma_slots_size(config->size, config->cpus) +
	       vdma_slots_records(config->size) *
	       sizeof(struct vdma_bounce_record);
}

static uint64_t max_len(const struct vdma_bounce_config *c)
{
	uint64_t wanted = c->max_len ? c->max_len : VDMA_BOUNCE_MAX_LEN;

	return wanted < c->size / 2 ? wanted : c->size / 2;
}

int vdma_bounce_alloc(struct vdma_bounce *b, uint64_t len, uint64_t align,
		      struct vdma_memory *mem)
{
	uint64_t offset, i;
	uint32_t slot;

	*mem = (struct vdma_memory){ .len = 0 };
	if (!len || align < VDMA_UNIT_SIZE || align & (align - 1))
		return VDMA_E_INVALID;
	if (len > b->config.size || align > b->config.size ||
	    (b->share.mem.phys | b->share.mem.dma) & (align - 1))
		return VDMA_E_RANGE;
	len = (len + VDMA_UNIT_SIZE - 1) & ~(VDMA_UNIT_SIZE - 1);
	slot = vdma_slots_take_aligned(&b->slots, len, align);
	if (slot == VDMA_SLOT_NONE) {
		__atomic_fetch_add(&b->full, 1, __ATOMIC_RELAXED);
		return VDMA_E_NO_SPACE;
	}
	offset = (uint64_t)slot << VDMA_SLOT_SHIFT;
	mem->cpu = bounce_at(b, slot);
	mem->phys = b->share.mem.phys + offset;
	mem->dma = b->share.mem.dma + offset;
	mem->len = len;
	for (i = 0; i < len / sizeof(uint64_t); i++)
		((uint64_t *)mem->cpu)[i] = 0;
	bounce_begin(bounce_record(b, slot), mem->phys, len, STATE_LIVE);
	return VDMA_OK;
}

static int alloc(struct vdma_domain *domain, uint64_t len,
		 struct vdma_memory *mem)
{
	return vdma_bounce_alloc((struct vdma_bounce *)domain, len,
				 VDMA_UNIT_SIZE, mem);
}

static void free_mem(struct vdma_domain *domain, struct vdma_memory *mem)
{
	struct vdma_bounce *b = (struct vdma_bounce *)domain;
	uint32_t state, slot = bounce_end(b, mem->dma, mem->len, STATE_LIVE,
					  &state);

	if (slot != VDMA_SLOT_NONE)
		slot_give(&b->slots, slot, bounce_cache(b));
}

static void set_up(struct vdma_bounce *b,
		   const struct vdma_bounce_config *config, void *private_mem)
{
	static const struct vdma_domain_ops ops = {
		.map = vdma_bounce_op_map,
		.unmap = vdma_bounce_op_unmap,
		.sync_for_device = vdma_bounce_op_for_device,
		.sync_for_cpu = vdma_bounce_op_for_cpu,
		.alloc = alloc,
		.free = free_mem,
	};
	char *records = (char *)private_mem + vdma_slots_size(config->size,
							      config->cpus);
	uint32_t i;

	*b = (struct vdma_bounce){
		.domain = {
			.ops = &ops, .mode = VDMA_MODE_BOUNCE,
			.max_len = max_len(config),
		},
		.config = *config,
		.records = (struct vdma_bounce_record *)records,
	};
	for (i = 0; i < vdma_slots_records(config->size); i++)
		b->records[i] = (struct vdma_bounce_record){ .len = 0 };
	vdma_slots_init(&b->slots, config->size, config->cpus, config->lock,
			private_mem);
}

/* What the device may still reach stays with it. */
static int give_back(struct vdma_bounce *b, int unmapped)
{
	if (!unmapped)
		return vdma_shared_put(b->config.secure, &b->share);
	vdma_shared_keep(b->config.secure, &b->share);
	return unmapped;
}

int vdma_bounce_init(struct vdma_bounce *b,
		     const struct vdma_bounce_config *config, void *private_mem)
{
	uint64_t dma = 0;
	int error;

	if (!valid(config))
		return VDMA_E_INVALID;
	set_up(b, config, private_mem);
	error = vdma_shared_get(config->secure, config->size, &b->share);
	if (error)
		return error;
	error = vdma_domain_map(config->reach, b->share.mem.phys, config->size,
				VDMA_BIDIRECTIONAL, &dma);
	if (error) {
		give_back(b, error == VDMA_E_TCE_STUCK ? error : VDMA_OK);
		return error;
	}
	b->share.mem.dma = dma;
	return VDMA_OK;
}

int vdma_bounce_fini(struct vdma_bounce *b)
{
	uint64_t bytes;
	int error;

	if (vdma_slots_live(&b->slots, &bytes))
		return VDMA_E_BUSY;
	error = vdma_domain_unmap(b->config.reach, b->share.mem.dma,
				  b->config.size, VDMA_BIDIRECTIONAL);
	return give_back(b, error);
}

bool vdma_bounce_holds(const struct vdma_bounce *b, uint64_t dma)
{
	return dma - b->share.mem.dma < b->config.size;
}

int vdma_bounce_find(const struct vdma_bounce *b, uint64_t dma, uint64_t *phys)
{
	uint32_t slot = bounce_slot(b, dma);
	const struct vdma_bounce_record *r;
	uint64_t offset;

	if (slot == VDMA_SLOT_NONE)
		return VDMA_E_INVALID;
	r = bounce_record(b, slot);
	offset = dma - bounce_dma(b, slot);
	if (!(bounce_state(r) & STATE_LIVE) || offset >= r->len)
		return VDMA_E_INVALID;
	*phys = r->phys + offset;
	return VDMA_OK;
}

void vdma_bounce_count(struct vdma_bounce *b, struct vdma_bounce_counts *counts)
{
	uint32_t i;

	*counts = (struct vdma_bounce_counts){
		.full = __atomic_load_n(&b->full, __ATOMIC_RELAXED),
	};
	for (i = 0; i < b->slots.caches; i++) {
		const struct vdma_slot_cache *cache = &b->slots.cache[i];

		counts->in += __atomic_load_n(&cache->in, __ATOMIC_RELAXED);
		counts->out += __atomic_load_n(&cache->out, __ATOMIC_RELAXED);
		counts->cleared += __atomic_load_n(&cache->cleared,
						   __ATOMIC_RELAXED);
	}
	counts->live = vdma_slots_live(&b->slots, &counts->used);
	counts->used_max = vdma_slots_taken_max(&b->slots);
}
