/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A domain of mode tce on the table of tce_model.h, with a cache of mappings
 * or without.
 */
#ifndef TCE_BENCH_H
#define TCE_BENCH_H

#include "tce_model.h"
#include "random.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SEED		0x7ce5eedull
#define SHIFT		16
#define PAGE		(1ull << SHIFT)
#define PHYS		0x123456000ull
#define CACHE		64

struct bench {
	struct table *t;
	struct vdma_tce_domain d;
	void *private_mem;
	uint64_t random;
};

/* The library makes no assumption about its content. */
static inline void *private_mem(const struct vdma_tce_window *window,
				uint32_t cached)
{
	size_t size = vdma_tce_domain_private_size(window, cached);
	void *mem = malloc(size);

	assert_non_null(mem);
	memset(mem, 0xa5, size);
	return mem;
}

static inline struct bench *set_up_pages(bool reuse, unsigned int shift)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct vdma_tce_window window;

	assert_non_null(b);
	b->t = table_new(shift);
	b->random = SEED;
	window = table_window(b->t);
	b->private_mem = private_mem(&window, CACHE);
	assert_int_equal(vdma_tce_domain_init(&b->d, &b->t->pages, &window,
					      reuse ? CACHE : 0, NULL,
					      b->private_mem), VDMA_OK);
	return b;
}

static inline struct bench *set_up(bool reuse)
{
	return set_up_pages(reuse, SHIFT);
}

static inline struct vdma_tce_counts counts_of(struct bench *b)
{
	struct vdma_tce_counts counts;

	vdma_tce_domain_count(&b->d, &counts);
	return counts;
}

/* Everything was unmapped: nothing is left in the table. */
static inline void tear_down(struct bench *b)
{
	assert_int_equal(vdma_tce_domain_reuse(&b->d, false), VDMA_OK);
	assert_int_equal(table_used(b->t), 0);
	assert_int_equal(counts_of(b).used, 0);
	assert_int_equal(b->t->pages_out, 0);
	table_free(b->t);
	free(b->private_mem);
	free(b);
}

static inline uint32_t pick(struct bench *b, uint32_t below)
{
	return random_below(&b->random, below);
}

static inline int map(struct bench *b, uint64_t phys, uint64_t len, unsigned int dir,
	       uint64_t *dma)
{
	return vdma_domain_map(&b->d.domain, phys, len, (enum vdma_dir)dir,
			       dma);
}

static inline int unmap(struct bench *b, uint64_t dma, uint64_t len, unsigned int dir)
{
	return vdma_domain_unmap(&b->d.domain, dma, len, (enum vdma_dir)dir);
}

#endif /* TCE_BENCH_H */
