/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory as a strict device sees it, for unit tests: a domain that never uses an address
 * twice, and accesses that check each byte against the current mappings and their
 * direction.
 */
#ifndef DMA_MODEL_H
#define DMA_MODEL_H

#include <stdlib.h>
#include <string.h>

#include <vdma/audit.h>
#include <vdma/domain.h>
#include <vdma/error.h>
#include <dma/container_of.h>

#define MODEL_PHYS	0x123450000ull
#define MODEL_SIZE	(2u << 20)
#define MODEL_MAPS	4096
#define MODEL_PAGE	4096

struct model_map {
	uint64_t dma, phys, len;
	unsigned int dir;
	bool live;
};

struct model {
	struct vdma_domain domain;
	struct vdma_pages pages;
	unsigned char *memory;
	size_t pages_used;
	unsigned int pages_out;
	struct model_map maps[MODEL_MAPS];
	unsigned int free[MODEL_MAPS];
	unsigned int free_count;
	unsigned int live;
	uint64_t generation;
	/* fail the n-th map or unmap from now; 0: never */
	unsigned int fail_map;
	unsigned int fail_unmap;
};

static inline uint64_t model_random(uint64_t *state)
{
	/* xorshift64*, Vigna */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* A DMA address: generation, slot in the table, and a byte offset. */
#define MODEL_OFFSET_BITS	24
#define MODEL_SLOT_BITS		12

static inline struct model_map *model_lookup(struct model *m, uint64_t dma)
{
	return &m->maps[dma >> MODEL_OFFSET_BITS & (MODEL_MAPS - 1)];
}

static int model_do_map(struct vdma_domain *domain, uint64_t phys,
			uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	struct model *m = container_of(domain, struct model, domain);
	unsigned int slot;

	if (m->fail_map && !--m->fail_map)
		return VDMA_E_NO_SPACE;
	assert_true(phys >= MODEL_PHYS);
	assert_true(phys - MODEL_PHYS + len <= MODEL_SIZE);
	if (!m->free_count)
		return VDMA_E_NO_SPACE;
	slot = m->free[--m->free_count];
	*dma = ++m->generation << (MODEL_OFFSET_BITS + MODEL_SLOT_BITS) |
	       (uint64_t)slot << MODEL_OFFSET_BITS;
	m->maps[slot] = (struct model_map){ *dma, phys, len, dir, true };
	m->live++;
	return VDMA_OK;
}

static int model_do_unmap(struct vdma_domain *domain, uint64_t dma,
			  uint64_t len, enum vdma_dir dir)
{
	struct model *m = container_of(domain, struct model, domain);
	struct model_map *map = model_lookup(m, dma);

	if (m->fail_unmap && !--m->fail_unmap)
		return VDMA_E_TCE;
	assert_true(map->live);
	assert_true(map->dma == dma);
	assert_true(map->len == len);
	assert_int_equal(map->dir, dir);
	map->live = false;
	m->free[m->free_count++] = (unsigned int)(map - m->maps);
	m->live--;
	return VDMA_OK;
}

static int model_get_pages(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	struct model *m = ctx;
	uint64_t size = (len + MODEL_PAGE - 1) / MODEL_PAGE * MODEL_PAGE;

	if (m->pages_used + size > MODEL_SIZE)
		return VDMA_E_NO_MEMORY;
	mem->cpu = m->memory + m->pages_used;
	mem->phys = MODEL_PHYS + m->pages_used;
	mem->len = size;
	memset(mem->cpu, 0, size);
	m->pages_used += size;
	m->pages_out++;
	return VDMA_OK;
}

/* Pages are put in any order; all become free with the last one. */
static void model_put_pages(void *ctx, const struct vdma_memory *mem)
{
	struct model *m = ctx;

	assert_true(mem->len);
	assert_true(m->pages_out > 0);
	if (!--m->pages_out)
		m->pages_used = 0;
}

static inline struct model *model_new(void)
{
	static const struct vdma_domain_ops ops = {
		.map = model_do_map,
		.unmap = model_do_unmap,
	};
	struct model *m = calloc(1, sizeof(*m));
	unsigned int i;

	assert_non_null(m);
	m->memory = aligned_alloc(MODEL_PAGE, MODEL_SIZE);
	assert_non_null(m->memory);
	m->pages = (struct vdma_pages){
		.get = model_get_pages, .put = model_put_pages, .ctx = m,
	};
	m->domain = (struct vdma_domain){
		.ops = &ops, .mode = VDMA_MODE_TCE, .pages = &m->pages,
		.max_len = 1u << MODEL_OFFSET_BITS,
	};
	for (i = 0; i < MODEL_MAPS; i++)
		m->free[m->free_count++] = i;
	return m;
}

static inline void model_free(struct model *m)
{
	assert_int_equal(m->live, 0);
	assert_int_equal(m->pages_out, 0);
	free(m->memory);
	free(m);
}

/* CPU address of @dma; NULL if the device's access is not allowed. */
static inline void *model_try(struct model *m, uint64_t dma, uint64_t len,
			      unsigned int dir)
{
	struct model_map *map = model_lookup(m, dma);
	uint64_t offset = dma - map->dma;

	if (!map->live || dma < map->dma || offset >= map->len ||
	    len > map->len - offset || (map->dir & dir) != dir)
		return NULL;
	return m->memory + (map->phys - MODEL_PHYS) + offset;
}

static inline void *model_access(struct model *m, uint64_t dma, uint64_t len,
				 unsigned int dir)
{
	void *p = model_try(m, dma, len, dir);

	if (!p)
		fail_msg("device access to 0x%llx, %llu bytes, direction %u",
			 (unsigned long long)dma, (unsigned long long)len, dir);
	return p;
}

#endif /* DMA_MODEL_H */
