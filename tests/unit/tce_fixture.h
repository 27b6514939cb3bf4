/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A domain of mode tce on the table of tce_model.h, with or without a cache of mappings.
 */
#ifndef TCE_FIXTURE_H
#define TCE_FIXTURE_H

#include "tce_model.h"
#include "random.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SEED		0x7ce5eedull
#define SHIFT		16
#define PAGE		(1ull << SHIFT)
#define PHYS		0x123456000ull
#define CACHE		64

struct fixture {
	struct table *t;
	struct vdma_tce_domain d;
	void *private_mem;
	uint64_t random;
};

/* The library must not rely on its content. */
static inline void *private_mem(const struct vdma_tce_window *window,
				uint32_t cached)
{
	size_t size = vdma_tce_domain_private_size(window, cached);
	void *mem = malloc(size);

	assert_non_null(mem);
	memset(mem, 0xa5, size);
	return mem;
}

static inline struct fixture *set_up_pages(bool reuse, unsigned int shift)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vdma_tce_window window;

	assert_non_null(f);
	f->t = table_new(shift);
	f->random = SEED;
	window = table_window(f->t);
	f->private_mem = private_mem(&window, CACHE);
	assert_int_equal(vdma_tce_domain_init(&f->d, &f->t->pages, &window,
					      reuse ? CACHE : 0, NULL,
					      f->private_mem), VDMA_OK);
	return f;
}

static inline struct fixture *set_up(bool reuse)
{
	return set_up_pages(reuse, SHIFT);
}

static inline struct vdma_tce_counts tce_counts(struct fixture *f)
{
	struct vdma_tce_counts counts;

	vdma_tce_domain_count(&f->d, &counts);
	return counts;
}

/* Once all is unmapped, the table is empty. */
static inline void tear_down(struct fixture *f)
{
	assert_int_equal(vdma_tce_domain_reuse(&f->d, false), VDMA_OK);
	assert_int_equal(table_used(f->t), 0);
	assert_int_equal(tce_counts(f).used, 0);
	assert_int_equal(f->t->pages_out, 0);
	table_free(f->t);
	free(f->private_mem);
	free(f);
}

static inline uint32_t pick(struct fixture *f, uint32_t below)
{
	return random_below(&f->random, below);
}

static inline int map(struct fixture *f, uint64_t phys, uint64_t len, unsigned int dir,
	       uint64_t *dma)
{
	return vdma_domain_map(&f->d.domain, phys, len, (enum vdma_dir)dir,
			       dma);
}

static inline int unmap(struct fixture *f, uint64_t dma, uint64_t len, unsigned int dir)
{
	return vdma_domain_unmap(&f->d.domain, dma, len, (enum vdma_dir)dir);
}

#endif /* TCE_FIXTURE_H */
