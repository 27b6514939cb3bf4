// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: with the cache of mappings a driver's steady state makes no hypercalls; a
 * mapping is removed only when it is not in use, in whatever order it is unmapped; and the
 * cache does not exceed its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "tce_fixture.h"

/* Two hypercalls per buffer without the cache; none for a cached buffer. */
static void hypercalls(void **state)
{
	unsigned int reuse, i;
	uint64_t dma, calls = 0;

	(void)state;
	for (reuse = 0; reuse < 2; reuse++) {
		struct fixture *f = set_up(reuse);

		for (i = 0; i < 1000; i++) {
			if (i == CACHE)
				calls = f->t->calls;
			map(f, PHYS + i % CACHE * 0x20000, 0x11000, 2, &dma);
			unmap(f, dma, 0x11000, 2);
		}
		assert_int_equal(f->t->calls - calls,
				 reuse ? 0 : 2 * (1000 - CACHE));
		tear_down(f);
	}
}

/* A mapping that is used twice stays until its last unmap, in either order. */
static void shared_mapping(void **state)
{
	struct fixture *f = set_up(true);
	uint64_t one, two;

	(void)state;
	map(f, PHYS, 100, 3, &one);
	map(f, PHYS + 200, 100, 1, &two);
	assert_int_equal(two, one + 200);
	assert_int_equal(unmap(f, one, 100, 3), VDMA_OK);
	vdma_tce_domain_reuse(&f->d, false);
	assert_int_equal(table_translate(f->t, two, 1), PHYS + 200);
	assert_int_equal(unmap(f, two, 100, 1), VDMA_OK);
	assert_int_equal(table_used(f->t), 0);
	/* a third unmap is an error */
	assert_int_equal(unmap(f, two, 100, 1), VDMA_E_INVALID);
	tear_down(f);
}

/* A cached mapping cannot be unmapped again. */
static void cached_is_not_in_use(void **state)
{
	struct fixture *f = set_up(true);
	uint64_t dma;

	(void)state;
	map(f, PHYS, 100, 3, &dma);
	assert_int_equal(unmap(f, dma, 100, 3), VDMA_OK);
	assert_int_equal(unmap(f, dma, 100, 3), VDMA_E_INVALID);
	tear_down(f);
}

/* The cache keeps as many mappings as it has entries, and yields when space is short. */
static void cache_is_bounded(void **state)
{
	struct fixture *f = set_up(true);
	uint64_t dma;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4 * CACHE; i++) {
		map(f, i * PAGE, PAGE, 3, &dma);
		unmap(f, dma, PAGE, 3);
	}
	assert_int_equal(table_used(f->t), CACHE);
	assert_int_equal(map(f, 0x100000000ull, TABLE_PAGES * PAGE, 3, &dma),
			 VDMA_OK);
	assert_int_equal(unmap(f, dma, TABLE_PAGES * PAGE, 3), VDMA_OK);
	tear_down(f);
}

/* Mappings of ring memory are not cached, since the memory returns to its owner. */
static void ring_memory(void **state)
{
	struct fixture *f = set_up(true);
	struct vdma_memory mem;

	(void)state;
	assert_int_equal(vdma_domain_alloc(&f->d.domain, 5000, &mem), VDMA_OK);
	assert_int_equal(table_translate(f->t, mem.dma, 3), mem.phys);
	vdma_domain_free(&f->d.domain, &mem);
	assert_int_equal(table_used(f->t), 0);
	assert_int_equal(mem.len, 0);
	f->t->fail_enter = 1;
	assert_int_equal(vdma_domain_alloc(&f->d.domain, 5000, &mem),
			 VDMA_E_TCE);
	assert_int_equal(f->t->pages_out, 0);
	tear_down(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hypercalls),
		cmocka_unit_test(shared_mapping),
		cmocka_unit_test(cached_is_not_in_use),
		cmocka_unit_test(cache_is_bounded),
		cmocka_unit_test(ring_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
