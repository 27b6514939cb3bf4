// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: the device reaches exactly what mode tce maps, in that direction; a mapping
 * that fails at any page leaves the table unchanged; and an entry that cannot be removed
 * is never used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <dma/iova.h>
#include "tce_fixture.h"

#define STEPS		300000

/* Length of a buffer in @pages pages that starts and ends within a page */
static uint64_t length(uint64_t pages)
{
	return pages > 1 ? (pages - 1) * PAGE : PAGE / 4;
}

static void fails_at_page(bool no_indirect, bool no_stuff, uint64_t pages,
			  uint64_t n)
{
	struct fixture *f = set_up(false);
	uint64_t before[TABLE_PAGES], neighbour, dma;

	f->t->no_indirect = no_indirect;
	f->t->no_stuff = no_stuff;
	assert_int_equal(map(f, PHYS, 3 * PAGE, VDMA_TO_DEVICE, &neighbour),
			 VDMA_OK);
	memcpy(before, f->t->tce, sizeof(before));
	f->t->fail_enter = n;
	assert_int_equal(map(f, PHYS + 0x8000, length(pages), 3, &dma),
			 VDMA_E_TCE);
	assert_memory_equal(before, f->t->tce, sizeof(before));
	assert_int_equal(tce_counts(f).used, 4);
	/* and all of the window can still be mapped */
	assert_int_equal(map(f, 0, (TABLE_PAGES - 4) * PAGE, 3, &dma), VDMA_OK);
	assert_int_equal(unmap(f, dma, (TABLE_PAGES - 4) * PAGE, 3), VDMA_OK);
	unmap(f, neighbour, 3 * PAGE, VDMA_TO_DEVICE);
	tear_down(f);
}

/* A map that fails at any page changes nothing. */
static void fails_at_each_page(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 7, 512, 513, 520 };
	unsigned int calls, i;
	uint64_t n;

	(void)state;
	for (calls = 0; calls < 4; calls++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			for (n = 1; n <= sizes[i]; n++)
				fails_at_page(calls & 1, calls & 2, sizes[i],
					      n);
}

/* The address of an entry that cannot be cleared is never allocated again. */
static void stuck_on_unmap(void **state)
{
	struct fixture *f = set_up(false);
	uint64_t dma, other;
	unsigned int i;

	(void)state;
	assert_int_equal(map(f, PHYS, PAGE / 4, 1, &dma), VDMA_OK);
	f->t->fail_clear = 1;
	assert_int_equal(unmap(f, dma, PAGE / 4, 1), VDMA_E_TCE_STUCK);
	assert_int_equal(tce_counts(f).stuck, 1);
	for (i = 0; i < TABLE_PAGES - 1; i++) {
		assert_int_equal(map(f, 0, 1, 1, &other), VDMA_OK);
		assert_true((other ^ dma) >> SHIFT);
	}
	assert_int_equal(map(f, 0, 1, 1, &other), VDMA_E_NO_SPACE);
	table_free(f->t);
	free(f->private_mem);
	free(f);
}

/* Entries that the undo cannot clear are lost for good. */
static void stuck_on_rollback(void **state)
{
	struct fixture *f = set_up(false);
	uint64_t dma;

	(void)state;
	f->t->fail_enter = 3;
	f->t->fail_clear = 1;
	assert_int_equal(map(f, PHYS, 8 * PAGE, 1, &dma), VDMA_E_TCE_STUCK);
	assert_int_equal(tce_counts(f).stuck, 9);
	assert_int_equal(tce_counts(f).used, 9);
	table_free(f->t);
	free(f->private_mem);
	free(f);
}

struct mapping {
	uint64_t phys, len, dma;
	unsigned int dir;
};

/* The device reaches both ends of the mapping, in its direction. */
static void check(const struct fixture *f, const struct mapping *m, bool exact)
{
	uint64_t end = m->len - 1;

	assert_int_equal(table_translate(f->t, m->dma, m->dir), m->phys);
	assert_int_equal(table_translate(f->t, m->dma + end, m->dir),
			 m->phys + end);
	if (exact && m->dir != 3)
		assert_int_equal(table_translate(f->t, m->dma, m->dir ^ 3), 0);
}

static void random_maps(bool reuse)
{
	struct fixture *f = set_up(reuse);
	struct mapping maps[100];
	unsigned int n = 0, step, i;

	for (step = 0; step < STEPS; step++) {
		if (n < ARRAY_SIZE(maps) && pick(f, 2)) {
			struct mapping *m = &maps[n];

			m->phys = PHYS + pick(f, 50) * 0x9000ull;
			m->len = 1 + pick(f, pick(f, 9) ? 0x3000 : 0x200000);
			m->dir = 1 + pick(f, 3);
			f->t->fail_enter = pick(f, 20) ? 0 : 1 + pick(f, 4);
			if (!map(f, m->phys, m->len, m->dir, &m->dma)) {
				check(f, m, !reuse);
				n++;
			}
			f->t->fail_enter = 0;
		} else if (n) {
			struct mapping *m;

			i = pick(f, n);
			m = &maps[i];
			check(f, m, !reuse);
			assert_int_equal(unmap(f, m->dma, m->len, m->dir),
					 VDMA_OK);
			if (!reuse)
				assert_int_equal(table_translate(f->t, m->dma,
								 m->dir), 0);
			maps[i] = maps[--n];
		}
		if (reuse && !pick(f, 5000))
			assert_int_equal(vdma_tce_domain_reuse(&f->d,
							       pick(f, 2)),
					 VDMA_OK);
	}
	while (n--)
		unmap(f, maps[n].dma, maps[n].len, maps[n].dir);
	tear_down(f);
}

/* Random maps, with the cache and without, against a model of the table */
static void random_use(void **state)
{
	(void)state;
	print_message("  seed %llx, %u steps\n", SEED, STEPS);
	random_maps(false);
	random_maps(true);
}

/* Every page size of LoPAR, with buffers that straddle pages */
static void page_sizes(void **state)
{
	static const unsigned int shifts[] = {
		12, 16, 21, 24, 25, 26, 27, 28, 34
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		uint64_t page = 1ull << shifts[i];
		const struct mapping maps[] = {
			{ PHYS, 1, 0, 1 }, { page, page, 0, 2 },
			{ 5 * page - 1, 2, 0, 3 }, { 3 * page + 1, page, 0, 1 },
			{ 7 * page + 512, 3 * page, 0, 2 },
		};
		static const unsigned int pages[] = { 1, 1, 2, 2, 4 };
		struct fixture *f = set_up_pages(false, shifts[i]);

		for (j = 0; j < ARRAY_SIZE(maps); j++) {
			struct mapping m = maps[j];

			assert_int_equal(map(f, m.phys, m.len, m.dir, &m.dma),
					 VDMA_OK);
			check(f, &m, true);
			assert_int_equal(table_used(f->t), pages[j]);
			assert_int_equal(unmap(f, m.dma, m.len, m.dir),
					 VDMA_OK);
		}
		tear_down(f);
	}
}

/* Impossible lengths and unmaps of nothing are refused. */
static void invalid_addresses(void **state)
{
	struct fixture *f = set_up(false);
	uint64_t dma;

	(void)state;
	assert_int_equal(map(f, 0, 0, 3, &dma), VDMA_E_RANGE);
	assert_int_equal(map(f, 0, TABLE_PAGES * PAGE + 1, 3, &dma),
			 VDMA_E_RANGE);
	assert_int_equal(map(f, ~0ull, 2, 3, &dma), VDMA_E_RANGE);
	assert_int_equal(unmap(f, 0, 1, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(f, TABLE_BASE, 1, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(f, TABLE_BASE + TABLE_PAGES * PAGE, 1, 3),
			 VDMA_E_INVALID);
	assert_int_equal(map(f, PHYS, PAGE, 3, &dma), VDMA_OK);
	assert_int_equal(unmap(f, dma, 3 * PAGE, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma, PAGE, 3), VDMA_OK);
	tear_down(f);
}

/* Impossible caches and windows are refused. */
static void invalid_domains(void **state)
{
	struct fixture *f = set_up(false);
	struct vdma_tce_window none = table_window(f->t), wraps = none;
	struct vdma_tce_domain d;

	(void)state;
	assert_int_equal(vdma_tce_domain_init(&d, &f->t->pages, &none, 3,
					      NULL, f->private_mem),
			 VDMA_E_INVALID);
	none.pages = 0;
	assert_int_equal(vdma_tce_domain_private_size(&none, 0), 0);
	assert_int_equal(vdma_tce_domain_init(&d, &f->t->pages, &none, 0, NULL,
					      f->private_mem), VDMA_E_RANGE);
	wraps.base = 0 - (TABLE_PAGES - 1ull) * PAGE;
	assert_int_equal(vdma_tce_domain_private_size(&wraps, 0), 0);
	assert_int_equal(vdma_tce_domain_init(&d, &f->t->pages, &wraps, 0, NULL,
					      f->private_mem), VDMA_E_RANGE);
	tear_down(f);
}

/* Address 0 is not used: QEMU takes a ring there for not set up. */
static void address_zero(void **state)
{
	struct fixture *f = set_up(false);
	struct vdma_tce_window window = table_window(f->t);
	void *mem = private_mem(&window, 0);
	struct vdma_tce_domain d;

	(void)state;
	window.base = 0;
	assert_int_equal(vdma_tce_domain_init(&d, &f->t->pages, &window, 0,
					      NULL, mem), VDMA_OK);
	assert_true(vdma_iova_in_use(d.iova, 0, 1));
	assert_int_equal(d.iova->used, 1);
	free(mem);
	tear_down(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_at_each_page),
		cmocka_unit_test(stuck_on_unmap),
		cmocka_unit_test(stuck_on_rollback),
		cmocka_unit_test(random_use),
		cmocka_unit_test(page_sizes),
		cmocka_unit_test(invalid_addresses),
		cmocka_unit_test(invalid_domains),
		cmocka_unit_test(address_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
