// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: allocated runs never overlap, an allocation fails only if there is no free run
 * of that length, and a run of a size that was freed lately is found without a search.
 * Checked against a byte per page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dma/iova.h>

#include "random.h"

#define SEED	0x10fau
#define STEPS	400000
#define RUNS	200

struct model {
	struct vdma_iova iova;
	void *bits;
	unsigned char *taken;
	uint32_t first[RUNS], n[RUNS];
	unsigned int runs;
	uint64_t random;
};

static uint32_t pick(struct model *m, uint32_t below)
{
	return random_below(&m->random, below);
}

static void set_up(struct model *m, uint32_t pages)
{
	memset(m, 0, sizeof(*m));
	m->random = SEED;
	m->bits = malloc(vdma_iova_size(pages));
	m->taken = calloc(pages, 1);
	vdma_iova_init(&m->iova, m->bits, pages);
}

static void tear_down(struct model *m)
{
	free(m->bits);
	free(m->taken);
}

static bool has_run(const struct model *m, uint32_t n)
{
	uint32_t i, length = 0;

	for (i = 0; i < m->iova.pages; i++) {
		length = m->taken[i] ? 0 : length + 1;
		if (length >= n)
			return true;
	}
	return false;
}

static void take(struct model *m, uint32_t n)
{
	uint32_t first = vdma_iova_alloc(&m->iova, n), i;

	if (first == VDMA_IOVA_NONE) {
		assert_false(has_run(m, n));
		return;
	}
	assert_true(first + n <= m->iova.pages);
	for (i = first; i < first + n; i++) {
		assert_false(m->taken[i]);
		m->taken[i] = 1;
	}
	assert_true(vdma_iova_in_use(&m->iova, first, n));
	m->first[m->runs] = first;
	m->n[m->runs++] = n;
}

static void give(struct model *m, unsigned int run)
{
	uint32_t first = m->first[run], n = m->n[run], i;

	assert_true(vdma_iova_free(&m->iova, first, n));
	for (i = first; i < first + n; i++)
		m->taken[i] = 0;
	/* a free run cannot be freed */
	assert_false(vdma_iova_free(&m->iova, first, n));
	m->runs--;
	m->first[run] = m->first[m->runs];
	m->n[run] = m->n[m->runs];
}

/* Random runs neither overlap nor fail while there is room. */
static void random_runs(void **state)
{
	static const uint32_t pages[] = { 1, 63, 64, 65, 200, 1000 };
	unsigned int i, step;

	(void)state;
	print_message("  seed %x, %u steps\n", SEED, STEPS);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct model m;

		set_up(&m, pages[i]);
		for (step = 0; step < STEPS / 6; step++) {
			if (m.runs < RUNS && pick(&m, 16) > 6)
				take(&m, 1 + pick(&m, pick(&m, 20) ? 6 : 150));
			else if (m.runs)
				give(&m, pick(&m, m.runs));
		}
		while (m.runs)
			give(&m, 0);
		assert_int_equal(m.iova.used, 0);
		take(&m, pages[i]);
		assert_int_equal(m.runs, 1);
		give(&m, 0);
		tear_down(&m);
	}
}

/* Recurring sizes take no search. */
static void steady_state(void **state)
{
	struct model m;
	uint64_t searches;
	unsigned int i, n;

	(void)state;
	set_up(&m, 1000);
	for (n = 1; n <= VDMA_IOVA_SIZES; n++)
		take(&m, n);
	while (m.runs)
		give(&m, 0);
	searches = m.iova.searches;
	for (i = 0; i < 1000; i++) {
		for (n = 1; n <= VDMA_IOVA_SIZES; n++)
			take(&m, n);
		while (m.runs)
			give(&m, pick(&m, m.runs));
	}
	assert_int_equal(m.iova.searches, searches);
	tear_down(&m);
}

/* Runs of no or too many pages, and wrong frees, are refused. */
static void nonsense(void **state)
{
	struct model m;

	(void)state;
	set_up(&m, 100);
	assert_int_equal(vdma_iova_alloc(&m.iova, 0), VDMA_IOVA_NONE);
	assert_int_equal(vdma_iova_alloc(&m.iova, 101), VDMA_IOVA_NONE);
	assert_int_equal(vdma_iova_alloc(&m.iova, 0xffffffff), VDMA_IOVA_NONE);
	take(&m, 100);
	assert_false(vdma_iova_free(&m.iova, 0, 0));
	assert_false(vdma_iova_free(&m.iova, 1, 100));
	assert_false(vdma_iova_free(&m.iova, 0xffffffff, 2));
	assert_int_equal(m.iova.used, 100);
	tear_down(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_runs),
		cmocka_unit_test(steady_state),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
