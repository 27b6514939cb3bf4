// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: the ultravisor's record of shared pages is right after any sequence of calls
 * (docs/abi/ultravisor.md). The code under test is pure and included here, so the test
 * needs no QEMU.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "vdma/abi.h"
#include "uv_pages.c"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Not a multiple of 64, so the last word has bits without a page */
#define PAGES 1000

/* Each pair of arguments has its status. */
static void arguments(void **unused)
{
	static const struct {
		uint64_t gfn;
		uint64_t num;
		int64_t status;
	} table[] = {
		{ 0,		1,		VDMA_U_SUCCESS },
		{ 0,		PAGES,		VDMA_U_SUCCESS },
		{ PAGES - 1,	1,		VDMA_U_SUCCESS },
		{ PAGES,	1,		VDMA_U_PARAMETER },
		{ UINT64_MAX,	1,		VDMA_U_PARAMETER },
		{ PAGES,	0,		VDMA_U_PARAMETER },
		{ 0,		0,		VDMA_U_P2 },
		{ 0,		PAGES + 1,	VDMA_U_P2 },
		{ PAGES - 1,	2,		VDMA_U_P2 },
		{ 1,		UINT64_MAX,	VDMA_U_P2 },	/* wraps to 0 */
	};
	uint64_t map[(PAGES + 63) / 64];
	struct uv_pages pages;
	size_t i;

	(void)unused;
	assert_int_equal(uv_pages_words(PAGES), ARRAY_SIZE(map));
	uv_pages_init(&pages, map, PAGES);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(uv_pages_check(&pages, table[i].gfn,
						table[i].num),
				 table[i].status);
}

/* Addresses that are not memory are neither shared nor private: the guard ignores MMIO. */
static void beyond_memory(void **unused)
{
	uint64_t map[(PAGES + 63) / 64];
	struct uv_pages pages;

	(void)unused;
	uv_pages_init(&pages, map, PAGES);
	assert_true(uv_pages_private(&pages, PAGES - 1));
	assert_false(uv_pages_private(&pages, PAGES));
	assert_false(uv_pages_shared(&pages, PAGES));
	assert_false(uv_pages_private(&pages, UINT64_MAX));
}

static uint64_t next_random(uint64_t *state)
{
	/* xorshift64 */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t model_next(const bool *model, uint64_t gfn)
{
	while (gfn < PAGES && !model[gfn])
		gfn++;
	return gfn;
}

static void compare(const struct uv_pages *pages, const bool *model)
{
	uint64_t shared = 0;
	uint64_t gfn;

	for (gfn = 0; gfn < PAGES; gfn++) {
		assert_int_equal(uv_pages_shared(pages, gfn), model[gfn]);
		assert_int_equal(uv_pages_private(pages, gfn), !model[gfn]);
		assert_int_equal(uv_pages_next_shared(pages, gfn),
				 model_next(model, gfn));
		shared += model[gfn];
	}
	assert_int_equal(pages->shared, shared);
}

/* 100 000 random changes against an array of booleans. */
static void against_a_model(void **unused)
{
	static bool model[PAGES];
	uint64_t map[(PAGES + 63) / 64];
	uint64_t seed = 0x5eed0005;
	struct uv_pages pages;
	int step;

	(void)unused;
	print_message("seed %#llx\n", (unsigned long long)seed);
	uv_pages_init(&pages, map, PAGES);
	for (step = 0; step < 100000; step++) {
		uint64_t word = next_random(&seed);
		uint64_t gfn = (word >> 8) % PAGES;
		/* At times nearly all pages are shared, at times nearly none. */
		bool shared = word % 8 < (step / 10000 % 2 ? 1 : 7);
		assert_int_equal(uv_pages_set(&pages, gfn, shared),
				 model[gfn] != shared);
		model[gfn] = shared;
		if (step % 1000 == 0)
			compare(&pages, model);
	}
	compare(&pages, model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(beyond_memory),
		cmocka_unit_test(against_a_model),
	};

	return cmocka_run_group_tests_name("uv_pages", tests, NULL, NULL);
}
