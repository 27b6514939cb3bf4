// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: what mode tce maps, the device reaches, exactly that and for that
 * direction; a mapping that fails at any page leaves the table as it was; an
 * entry that can't be removed is never used again; and with reuse a driver's
 * steady state makes no hypercall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "tce_model.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SEED		0x7ce5eedull
#define STEPS		300000
#define SHIFT		16
#define PAGE		(1ull << SHIFT)
#define PHYS		0x123456000ull
#define CACHE		64

struct bench {
	struct table *t;
	struct vdma_tce_domain d;
	struct vdma_reuse reuse;
	struct vdma_reuse_entry entries[CACHE];
	void *bits;
	uint64_t random;
};

static struct bench *set_up_pages(bool reuse, unsigned int shift)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct vdma_tce_window window;

	assert_non_null(b);
	b->t = table_new(shift);
	b->random = SEED;
	b->bits = malloc(vdma_iova_size(TABLE_PAGES));
	vdma_reuse_init(&b->reuse, b->entries, CACHE);
	window = table_window(b->t);
	assert_int_equal(vdma_tce_domain_init(&b->d, &b->t->pages, &window,
					      b->bits, NULL,
					      reuse ? &b->reuse : NULL),
			 VDMA_OK);
	return b;
}

static struct bench *set_up(bool reuse)
{
	return set_up_pages(reuse, SHIFT);
}

/* Everything was unmapped: nothing is left in the table. */
static void tear_down(struct bench *b)
{
	assert_int_equal(vdma_tce_domain_reuse(&b->d, false), VDMA_OK);
	assert_int_equal(table_used(b->t), 0);
	assert_int_equal(b->d.iova.taken, 0);
	assert_int_equal(b->t->pages_out, 0);
	table_free(b->t);
	free(b->bits);
	free(b);
}

static uint32_t pick(struct bench *b, uint32_t below)
{
	b->random = b->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(b->random >> 33) % below;
}

static int map(struct bench *b, uint64_t phys, uint64_t len, unsigned int dir,
	       uint64_t *dma)
{
	return vdma_domain_map(&b->d.domain, phys, len, (enum vdma_dir)dir,
			       dma);
}

static int unmap(struct bench *b, uint64_t dma, uint64_t len, unsigned int dir)
{
	return vdma_domain_unmap(&b->d.domain, dma, len, (enum vdma_dir)dir);
}

/* @pages pages that begin and end in the middle of one */
static uint64_t length(uint64_t pages)
{
	return pages > 1 ? (pages - 1) * PAGE : PAGE / 4;
}

static void fails_at_page(bool no_indirect, bool no_stuff, uint64_t pages,
			  uint64_t n)
{
	struct bench *b = set_up(false);
	uint64_t before[TABLE_PAGES], neighbour, dma;

	b->t->no_indirect = no_indirect;
	b->t->no_stuff = no_stuff;
	assert_int_equal(map(b, PHYS, 3 * PAGE, VDMA_TO_DEVICE, &neighbour),
			 VDMA_OK);
	memcpy(before, b->t->tce, sizeof(before));
	b->t->fail_enter = n;
	assert_int_equal(map(b, PHYS + 0x8000, length(pages), 3, &dma),
			 VDMA_E_TCE);
	assert_memory_equal(before, b->t->tce, sizeof(before));
	assert_int_equal(b->d.iova.taken, 4);
	/* and all of the window can still be had */
	assert_int_equal(map(b, 0, (TABLE_PAGES - 4) * PAGE, 3, &dma), VDMA_OK);
	assert_int_equal(unmap(b, dma, (TABLE_PAGES - 4) * PAGE, 3), VDMA_OK);
	unmap(b, neighbour, 3 * PAGE, VDMA_TO_DEVICE);
	tear_down(b);
}

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

/* An entry that stays is an address that is never given out again. */
static void stuck_on_unmap(void **state)
{
	struct bench *b = set_up(false);
	uint64_t dma, other;
	unsigned int i;

	(void)state;
	assert_int_equal(map(b, PHYS, PAGE / 4, 1, &dma), VDMA_OK);
	b->t->fail_clear = 1;
	assert_int_equal(unmap(b, dma, PAGE / 4, 1), VDMA_E_TCE_STUCK);
	assert_int_equal(b->d.stuck, 1);
	for (i = 0; i < TABLE_PAGES - 1; i++) {
		assert_int_equal(map(b, 0, 1, 1, &other), VDMA_OK);
		assert_true((other ^ dma) >> SHIFT);
	}
	assert_int_equal(map(b, 0, 1, 1, &other), VDMA_E_NO_SPACE);
	table_free(b->t);
	free(b->bits);
	free(b);
}

static void stuck_on_rollback(void **state)
{
	struct bench *b = set_up(false);
	uint64_t dma;

	(void)state;
	b->t->fail_enter = 3;
	b->t->fail_clear = 1;
	assert_int_equal(map(b, PHYS, 8 * PAGE, 1, &dma), VDMA_E_TCE_STUCK);
	assert_int_equal(b->d.stuck, 9);
	assert_int_equal(b->d.iova.taken, 9);
	table_free(b->t);
	free(b->bits);
	free(b);
}

struct mapping {
	uint64_t phys, len, dma;
	unsigned int dir;
};

/* The device reaches the mapping's ends, for its direction. */
static void check(const struct bench *b, const struct mapping *m, bool exact)
{
	uint64_t end = m->len - 1;

	assert_int_equal(table_translate(b->t, m->dma, m->dir), m->phys);
	assert_int_equal(table_translate(b->t, m->dma + end, m->dir),
			 m->phys + end);
	if (exact && m->dir != 3)
		assert_int_equal(table_translate(b->t, m->dma, m->dir ^ 3), 0);
}

static void random_maps(bool reuse)
{
	struct bench *b = set_up(reuse);
	struct mapping maps[100];
	unsigned int n = 0, step, i;

	for (step = 0; step < STEPS; step++) {
		if (n < ARRAY_SIZE(maps) && pick(b, 2)) {
			struct mapping *m = &maps[n];

			m->phys = PHYS + pick(b, 50) * 0x9000ull;
			m->len = 1 + pick(b, pick(b, 9) ? 0x3000 : 0x200000);
			m->dir = 1 + pick(b, 3);
			b->t->fail_enter = pick(b, 20) ? 0 : 1 + pick(b, 4);
			if (!map(b, m->phys, m->len, m->dir, &m->dma)) {
				check(b, m, !reuse);
				n++;
			}
			b->t->fail_enter = 0;
		} else if (n) {
			struct mapping *m;

			i = pick(b, n);
			m = &maps[i];
			check(b, m, !reuse);
			assert_int_equal(unmap(b, m->dma, m->len, m->dir),
					 VDMA_OK);
			if (!reuse)
				assert_int_equal(table_translate(b->t, m->dma,
								 m->dir), 0);
			maps[i] = maps[--n];
		}
		if (reuse && !pick(b, 5000))
			assert_int_equal(vdma_tce_domain_reuse(&b->d,
							       pick(b, 2)),
					 VDMA_OK);
	}
	while (n--)
		unmap(b, maps[n].dma, maps[n].len, maps[n].dir);
	tear_down(b);
}

static void random_use(void **state)
{
	(void)state;
	print_message("  seed %llx, %u steps\n", SEED, STEPS);
	random_maps(false);
	random_maps(true);
}

/* Every page size that LoPAR has, buffers that straddle pages. */
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
		struct bench *b = set_up_pages(false, shifts[i]);

		for (j = 0; j < ARRAY_SIZE(maps); j++) {
			struct mapping m = maps[j];

			assert_int_equal(map(b, m.phys, m.len, m.dir, &m.dma),
					 VDMA_OK);
			check(b, &m, true);
			assert_int_equal(table_used(b->t), pages[j]);
			assert_int_equal(unmap(b, m.dma, m.len, m.dir),
					 VDMA_OK);
		}
		tear_down(b);
	}
}

/* Two hypercalls a buffer without reuse; with it none, once it is known. */
static void hypercalls(void **state)
{
	unsigned int reuse, i;
	uint64_t dma, calls = 0;

	(void)state;
	for (reuse = 0; reuse < 2; reuse++) {
		struct bench *b = set_up(reuse);

		for (i = 0; i < 1000; i++) {
			if (i == CACHE)
				calls = b->t->calls;
			map(b, PHYS + i % CACHE * 0x20000, 0x11000, 2, &dma);
			unmap(b, dma, 0x11000, 2);
		}
		assert_int_equal(b->t->calls - calls,
				 reuse ? 0 : 2 * (1000 - CACHE));
		tear_down(b);
	}
}

/* One mapping, used twice, unmapped in either order, stays until the last. */
static void shared_mapping(void **state)
{
	struct bench *b = set_up(true);
	uint64_t one, two;

	(void)state;
	map(b, PHYS, 100, 3, &one);
	map(b, PHYS + 200, 100, 1, &two);
	assert_int_equal(two, one + 200);
	assert_int_equal(unmap(b, one, 100, 3), VDMA_OK);
	vdma_tce_domain_reuse(&b->d, false);
	assert_int_equal(table_translate(b->t, two, 1), PHYS + 200);
	assert_int_equal(unmap(b, two, 100, 1), VDMA_OK);
	assert_int_equal(table_used(b->t), 0);
	/* and once more is once too often */
	assert_int_equal(unmap(b, two, 100, 1), VDMA_E_INVALID);
	tear_down(b);
}

static void cached_is_not_in_use(void **state)
{
	struct bench *b = set_up(true);
	uint64_t dma;

	(void)state;
	map(b, PHYS, 100, 3, &dma);
	assert_int_equal(unmap(b, dma, 100, 3), VDMA_OK);
	assert_int_equal(unmap(b, dma, 100, 3), VDMA_E_INVALID);
	tear_down(b);
}

/* The cache holds what it has entries for, and gives way to who needs it. */
static void cache_is_bounded(void **state)
{
	struct bench *b = set_up(true);
	uint64_t dma;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4 * CACHE; i++) {
		map(b, i * PAGE, PAGE, 3, &dma);
		unmap(b, dma, PAGE, 3);
	}
	assert_int_equal(table_used(b->t), CACHE);
	assert_int_equal(map(b, 0x100000000ull, TABLE_PAGES * PAGE, 3, &dma),
			 VDMA_OK);
	assert_int_equal(unmap(b, dma, TABLE_PAGES * PAGE, 3), VDMA_OK);
	tear_down(b);
}

/* Memory of rings is not cached: it goes back to who gave it. */
static void ring_memory(void **state)
{
	struct bench *b = set_up(true);
	struct vdma_memory mem;

	(void)state;
	assert_int_equal(vdma_domain_alloc(&b->d.domain, 5000, &mem), VDMA_OK);
	assert_int_equal(table_translate(b->t, mem.dma, 3), mem.phys);
	vdma_domain_free(&b->d.domain, &mem);
	assert_int_equal(table_used(b->t), 0);
	assert_int_equal(mem.len, 0);
	b->t->fail_enter = 1;
	assert_int_equal(vdma_domain_alloc(&b->d.domain, 5000, &mem),
			 VDMA_E_TCE);
	assert_int_equal(b->t->pages_out, 0);
	tear_down(b);
}

static void addresses_that_are_none(void **state)
{
	struct bench *b = set_up(false);
	uint64_t dma;

	(void)state;
	assert_int_equal(map(b, 0, 0, 3, &dma), VDMA_E_RANGE);
	assert_int_equal(map(b, 0, TABLE_PAGES * PAGE + 1, 3, &dma),
			 VDMA_E_RANGE);
	assert_int_equal(map(b, ~0ull, 2, 3, &dma), VDMA_E_RANGE);
	assert_int_equal(unmap(b, 0, 1, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(b, TABLE_BASE, 1, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(b, TABLE_BASE + TABLE_PAGES * PAGE, 1, 3),
			 VDMA_E_INVALID);
	assert_int_equal(map(b, PHYS, PAGE, 3, &dma), VDMA_OK);
	assert_int_equal(unmap(b, dma, 3 * PAGE, 3), VDMA_E_INVALID);
	assert_int_equal(unmap(b, dma, PAGE, 3), VDMA_OK);
	tear_down(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_at_each_page),
		cmocka_unit_test(stuck_on_unmap),
		cmocka_unit_test(stuck_on_rollback),
		cmocka_unit_test(random_use),
		cmocka_unit_test(page_sizes),
		cmocka_unit_test(hypercalls),
		cmocka_unit_test(shared_mapping),
		cmocka_unit_test(cached_is_not_in_use),
		cmocka_unit_test(cache_is_bounded),
		cmocka_unit_test(ring_memory),
		cmocka_unit_test(addresses_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
