// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: a pool is shared and mapped once, and freed as a whole or not at all; it can
 * still be used after it was full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_fixture.h"

/* Invalid sizes are refused, and private memory is as small as promised. */
static void sizes_of_pools(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t cpus;
		bool good;
	} table[] = {
		{ 0, 1, false }, { 65536, 0, false }, { 65537, 1, false },
		{ 4096, 1, false }, { 65536, 1, true }, { 3 * MIB, 4, true },
		{ 1024 * MIB, 1, true }, { 1024 * MIB + 65536, 1, false },
	};
	struct vm *vm = vm_new(true, true);
	struct vdma_bounce b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct vdma_bounce_config config = pool_config(vm,
							       table[i].size);

		config.cpus = table[i].cpus;
		assert_int_equal(vdma_bounce_private_size(&config) != 0,
				 table[i].good);
		if (!table[i].good)
			assert_int_equal(vdma_bounce_init(&b, &config, NULL),
					 VDMA_E_INVALID);
		else	/* as the header promises */
			assert_true(vdma_bounce_private_size(&config) <=
				    table[i].size / 14 + 5120);
	}
	vm_free(vm, 0);
}

/* Mappings are limited to 256 KiB or half of the pool. */
static void longest_mapping(void **state)
{
	struct fixture *f = set_up();
	uint64_t dma;

	(void)state;
	assert_int_equal(f->b.domain.max_len, 256 * KIB);
	assert_int_equal(map(f, 0, 256 * KIB + 1, DMA_OUT, &dma), VDMA_E_RANGE);
	assert_int_equal(vdma_bounce_map(&f->b, VM_PHYS, 256 * KIB + 1, DMA_OUT,
					 0, 0, &dma), VDMA_E_RANGE);
	assert_int_equal(vdma_bounce_map(&f->b, VM_PHYS, 0, DMA_OUT, 0, 0, &dma),
			 VDMA_E_RANGE);
	assert_int_equal(map(f, 0, 256 * KIB, DMA_OUT, &dma), VDMA_OK);
	assert_int_equal(unmap(f, dma, 256 * KIB, DMA_OUT), VDMA_OK);
	tear_down(f);
	/* half of a small pool */
	f = set_up_as(true, 65536);
	assert_int_equal(f->b.domain.max_len, 32 * KIB);
	tear_down(f);
}

/* A full pool fails maps until the first unmap. */
static void full_and_back(void **state)
{
	struct fixture *f = set_up_as(true, 512 * KIB);
	struct vdma_bounce_counts counts;
	uint64_t dma[8];
	unsigned int i;

	(void)state;
	for (i = 0; i < 7; i++)
		assert_int_equal(map(f, 0, 65536, DMA_IN, &dma[i]), VDMA_OK);
	assert_int_equal(map(f, 0, 65536, DMA_IN, &dma[7]), VDMA_E_NO_SPACE);
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.full, 1);
	assert_int_equal(counts.live, 7);
	assert_int_equal(counts.used, 7 * 65536);
	assert_int_equal(counts.used_max, 7 * 65536);
	assert_int_equal(unmap(f, dma[3], 65536, DMA_IN), VDMA_OK);
	assert_int_equal(map(f, 0, 65536, DMA_IN, &dma[3]), VDMA_OK);
	for (i = 0; i < 7; i++)
		assert_int_equal(unmap(f, dma[i], 65536, DMA_IN), VDMA_OK);
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.used, 0);
	tear_down(f);
}

/* A pool with a mapping or an allocation is not freed, and works on. */
static void busy_pool_stays(void **state)
{
	static const struct {
		uint64_t len;
		enum vdma_dir dir;
	} left[] = { { 10, DMA_IN }, { 600, DMA_BOTH }, { 100000, DMA_IN } };
	struct fixture *f = set_up();
	struct vdma_memory mem;
	uint64_t dma, at[3];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		map(f, 0, left[i].len, left[i].dir, &at[i]);
	vdma_domain_alloc(&f->b.domain, 10000, &mem);
	for (i = 0; i < 3; i++) {
		assert_int_equal(vdma_bounce_fini(&f->b), VDMA_E_BUSY);
		/* and it can still be used */
		assert_int_equal(map(f, 0, 4096, DMA_OUT, &dma), VDMA_OK);
		assert_int_equal(unmap(f, dma, 4096, DMA_OUT), VDMA_OK);
		assert_int_equal(unmap(f, at[i], left[i].len, left[i].dir),
				 VDMA_OK);
	}
	assert_int_equal(vdma_bounce_fini(&f->b), VDMA_E_BUSY);
	vdma_domain_free(&f->b.domain, &mem);
	tear_down(f);
}

/* Wherever init fails, nothing stays shared, mapped or allocated. */
static void init_fails(void **state)
{
	static const struct {
		unsigned int fail_share, fail_unshare;
		int fail_map, error;
		unsigned int stuck;
	} table[] = {
		{ 1, 0, 0, VDMA_E_SHARE, 0 },
		{ 48, 0, 0, VDMA_E_SHARE, 0 },
		{ 48, 1, 0, VDMA_E_SHARE_STUCK, 48 },
		{ 0, 0, VDMA_E_TCE, VDMA_E_TCE, 0 },
		{ 0, 0, VDMA_E_NO_SPACE, VDMA_E_NO_SPACE, 0 },
		{ 0, 1, VDMA_E_NO_SPACE, VDMA_E_NO_SPACE, 48 },
		/* the device may still reach it: it stays shared for ever */
		{ 0, 0, VDMA_E_TCE_STUCK, VDMA_E_TCE_STUCK, 48 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct vm *vm = vm_new(true, false);
		struct vdma_bounce_config config = pool_config(vm, 3 * MIB);
		void *mem = pool_private(&config);
		struct vdma_bounce b;

		vm->fail_share = table[i].fail_share;
		vm->fail_unshare = table[i].fail_unshare;
		vm->fail_map = table[i].fail_map;
		assert_int_equal(vdma_bounce_init(&b, &config, mem),
				 table[i].error);
		if (table[i].fail_map == VDMA_E_TCE_STUCK)
			assert_int_equal(vm_shared(vm), 48);
		free(mem);
		vm_free(vm, table[i].stuck);
	}
}

/* A pool that cannot be unmapped or unshared is an error, and its pages are lost. */
static void fini_fails(void **state)
{
	struct fixture *f = set_up();

	(void)state;
	f->vm->fail_unmap = VDMA_E_TCE_STUCK;
	assert_int_equal(vdma_bounce_fini(&f->b), VDMA_E_TCE_STUCK);
	assert_int_equal(vm_shared(f->vm), 48);
	vm_free(f->vm, 48);
	free(f->private_mem);
	free(f);

	f = set_up();
	f->vm->fail_unshare = 17;
	assert_int_equal(vdma_bounce_fini(&f->b), VDMA_E_SHARE_STUCK);
	vm_free(f->vm, 48);
	free(f->private_mem);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_of_pools),
		cmocka_unit_test(longest_mapping),
		cmocka_unit_test(full_and_back),
		cmocka_unit_test(busy_pool_stays),
		cmocka_unit_test(init_fails),
		cmocka_unit_test(fini_fails),
	};

	return cmocka_run_group_tests_name("bounce_pool", tests, NULL, NULL);
}
