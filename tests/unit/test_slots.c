// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: slots do not overlap, a slot is as large as requested, freed slots can be
 * allocated again in any size, and an allocation fails only if the pool is full.
 */
#include "slots_fixture.h"

#define STEPS		2000000
#define MOST		(256u << 10)

/* A length takes the smallest slot, or run of units, that holds it. */
static void sizes(void **state)
{
	static const struct {
		uint32_t len, bytes;
	} table[] = {
		{ 1, 64 }, { 64, 64 }, { 65, 512 }, { 512, 512 },
		{ 513, 2048 }, { 2048, 2048 }, { 2049, 4096 },
		{ 4096, 4096 }, { 4097, 8192 }, { 65536, 65536 },
		{ MOST, MOST },
	};
	struct fixture *f = set_up(1);
	uint64_t bytes;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(take(f, table[i].len, 0));
		assert_int_equal(vdma_slots_live(&f->slots, &bytes), 1);
		assert_int_equal(bytes, table[i].bytes);
		assert_int_equal(vdma_slots_bytes(table[i].len), bytes);
		give_all(f);
	}
	assert_false(take(f, SIZE + 1, 0));
	whole_again(f);
	tear_down(f);
}

/* An empty pool holds @expected slots of one size. */
static void fill_up(struct fixture *f, uint32_t len, unsigned int expected)
{
	unsigned int n = 0;

	while (take(f, len, 0))
		n++;
	assert_int_equal(n, expected);
	give_all(f);
}

/* The whole pool can be allocated in each size. */
static void all_of_it(void **state)
{
	struct fixture *f = set_up(CPUS);

	(void)state;
	/* First the units of 64-byte slots, then 512-byte slots in other units */
	fill_up(f, 64, SMALL * 64 + (UNITS - SMALL) * 8);
	fill_up(f, 512, (UNITS - SMALL) * 8);
	fill_up(f, 2048, (UNITS - SMALL) * 2);
	fill_up(f, 4096, UNITS - SMALL);
	/* Otherwise slots in caches would split the runs. */
	whole_again(f);
	fill_up(f, 65536, (UNITS - SMALL) / 16);
	whole_again(f);
	tear_down(f);
}

/* A long run of a network card's receive buffers and a disk's requests */
static void long_runs_among_short(void **state)
{
	struct fixture *f = set_up(CPUS);
	unsigned int step, refused = 0, i;

	(void)state;
	for (i = 0; i < 256; i++)
		assert_true(take(f, 1536, 0));
	for (step = 0; step < 200000; step++) {
		/* up to 256 receive buffers and 64 requests of 4 KiB */
		if (f->count < 320 && pick(f, 2))
			assert_true(take(f, 4096, 0));
		else if (f->count > 256)
			give(f, 256 + pick(f, f->count - 256));
		if (step % 4)
			continue;
		/* always leaves room for a long one */
		if (!take(f, MOST, 0))
			refused++;
		else
			give(f, f->count - 1);
	}
	assert_int_equal(refused, 0);
	whole_again(f);
	tear_down(f);
}

/*
 * With mostly short requests and 60 % of the pool in use, 64 KiB can still be allocated.
 */
static void runs_at_high_load(void **state)
{
	static const uint32_t lens[] = { 4096, 4096, 4096, 4096, 4096, 1536,
					 1536, 1536, 65536, 16384 };
	struct fixture *f = set_up(CPUS);
	unsigned int step, tried = 0, refused = 0;
	uint64_t used = 0;

	(void)state;
	for (step = 0; step < 1000000; step++) {
		uint32_t len = lens[pick(f, 10)];

		if (used < SIZE / 10 * 6) {
			tried += len == 65536;
			if (take(f, len, 0))
				used += len;
			else
				refused += len == 65536;
		} else {
			unsigned int which = pick(f, f->count);

			used -= f->taken[which].len;
			give(f, which);
		}
	}
	print_message("%u of %u refused\n", refused, tried);
	assert_true(tried > 40000 && refused < 100);
	whole_again(f);
	tear_down(f);
}

static uint32_t random_len(struct fixture *f)
{
	static const uint32_t below[] = {
		64, 64, 64, 512, 2048, 2048, 4096, 4096, 65536, MOST,
	};

	return 1 + pick(f, below[pick(f, 10)]);
}

/* Random slots in a pool that fills and empties */
static void random_slots(void **state)
{
	struct fixture *f = set_up(CPUS);
	unsigned int step, full = 0;
	uint64_t bytes;

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)SEED);
	for (step = 0; step < STEPS; step++) {
		/* at times the pool is nearly full, at times nearly empty */
		bool more = pick(f, 100) < (step / 50000 % 2 ? 60u : 40u);

		if (more && f->count < 5999)
			full += !take(f, random_len(f),
				      pick(f, 50) ? 0 : 4096u << pick(f, 5));
		else if (f->count)
			give(f, pick(f, f->count));
		if (step % 10000 == 0)
			assert_int_equal(vdma_slots_live(&f->slots, &bytes),
					 f->count);
		if (step % 400000 == 0)
			whole_again(f);
	}
	assert_true(full > 1000);
	assert_true(vdma_slots_used_max(&f->slots) > SIZE - SIZE / 8);
	whole_again(f);
	tear_down(f);
}

/* No slot is found where none is allocated. */
static void strangers(void **state)
{
	struct fixture *f = set_up(1);

	(void)state;
	assert_int_equal(vdma_slots_find(&f->slots, SIZE / 64), VDMA_SLOT_NONE);
	assert_int_equal(vdma_slots_find(&f->slots, ~0u), VDMA_SLOT_NONE);
	assert_int_equal(vdma_slots_find(&f->slots, SMALL * 64),
			 VDMA_SLOT_NONE);
	tear_down(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(long_runs_among_short),
		cmocka_unit_test(runs_at_high_load),
		cmocka_unit_test(random_slots),
		cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
