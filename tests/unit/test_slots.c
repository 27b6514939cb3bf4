// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: no two slots overlap, a slot holds what was asked for, what is given
 * back can be taken again in any size, and "full" is said only when it is so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/slots.h>

#define SEED		0x510750bad5eedull
#define SIZE		(3u << 20)
#define UNITS		(SIZE / 4096)
#define SMALL		(UNITS / 16)
#define STEPS		2000000
#define CPUS		4
#define MOST		(256u << 10)

struct taken {
	uint32_t slot;
	uint32_t len;
	uint32_t align;
};

struct bench {
	struct vdma_slots slots;
	void *private_mem;
	uint64_t random;
	/* each granule's owner, from 1; 0: free */
	uint16_t owner[SIZE / 64];
	uint16_t record[SIZE / 64];
	struct taken taken[SIZE / 256];
	unsigned int count;
};

static uint32_t pick(struct bench *b, uint32_t below)
{
	b->random = b->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(b->random >> 33) % below;
}

static struct bench *set_up(uint32_t cpus)
{
	struct bench *b = calloc(1, sizeof(*b));
	size_t len = vdma_slots_size(SIZE, cpus);

	assert_non_null(b);
	assert_int_equal(len % 128, 0);
	b->private_mem = aligned_alloc(128, len);
	b->random = SEED;
	vdma_slots_init(&b->slots, SIZE, cpus, NULL, b->private_mem);
	assert_true(vdma_slots_records(SIZE) <= SIZE / 64);
	return b;
}

static void tear_down(struct bench *b)
{
	free(b->private_mem);
	free(b);
}

static uint32_t granules(uint32_t len)
{
	return (len + 63) / 64;
}

/* Takes a slot and enters it in the books; false if there is none. */
static bool take(struct bench *b, uint32_t len, uint32_t align)
{
	uint32_t cpu = pick(b, 2 * CPUS), i, record;
	struct taken *t = &b->taken[b->count];

	t->len = len;
	t->align = align;
	t->slot = align ? vdma_slots_take_aligned(&b->slots, len, align) :
			  vdma_slots_take(&b->slots, len, cpu);
	if (t->slot == VDMA_SLOT_NONE)
		return false;
	assert_true(t->slot * 64ull + len <= SIZE);
	assert_true(!align || t->slot % (align / 64) == 0);
	for (i = t->slot; i < t->slot + granules(len); i++) {
		assert_int_equal(b->owner[i], 0);
		b->owner[i] = 1;
		assert_int_equal(vdma_slots_find(&b->slots, i), t->slot);
	}
	record = vdma_slots_record(&b->slots, t->slot);
	assert_true(record < vdma_slots_records(SIZE));
	assert_int_equal(b->record[record], 0);
	b->record[record] = 1;
	b->count++;
	return true;
}

static void give(struct bench *b, unsigned int which)
{
	struct taken t = b->taken[which];
	uint32_t i;

	b->taken[which] = b->taken[--b->count];
	for (i = t.slot; i < t.slot + granules(t.len); i++)
		b->owner[i] = 0;
	b->record[vdma_slots_record(&b->slots, t.slot)] = 0;
	vdma_slots_give(&b->slots, t.slot, pick(b, 2 * CPUS));
}

static void give_all(struct bench *b)
{
	uint64_t bytes;

	while (b->count)
		give(b, b->count - 1);
	assert_int_equal(vdma_slots_live(&b->slots, &bytes), 0);
	assert_int_equal(bytes, 0);
}

/* All that is not for the shortest slots, in one piece. */
static void whole_again(struct bench *b)
{
	give_all(b);
	assert_true(take(b, (UNITS - SMALL) * 4096, 0));
	assert_false(take(b, 4096, 0));
	give_all(b);
}

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
	struct bench *b = set_up(1);
	uint64_t bytes;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(take(b, table[i].len, 0));
		assert_int_equal(vdma_slots_live(&b->slots, &bytes), 1);
		assert_int_equal(bytes, table[i].bytes);
		give_all(b);
	}
	assert_false(take(b, SIZE + 1, 0));
	whole_again(b);
	tear_down(b);
}

/* How many of a size there are, when nothing else is wanted. */
static void fill_up(struct bench *b, uint32_t len, unsigned int expected)
{
	unsigned int n = 0;

	while (take(b, len, 0))
		n++;
	assert_int_equal(n, expected);
	give_all(b);
}

static void all_of_it(void **state)
{
	struct bench *b = set_up(CPUS);

	(void)state;
	/* The shortest first, then pieces of other units in their place. */
	fill_up(b, 64, SMALL * 64 + (UNITS - SMALL) * 8);
	fill_up(b, 512, (UNITS - SMALL) * 8);
	fill_up(b, 2048, (UNITS - SMALL) * 2);
	fill_up(b, 4096, UNITS - SMALL);
	fill_up(b, 65536, (UNITS - SMALL) / 16);
	whole_again(b);
	tear_down(b);
}

static void keep_some(struct bench *b)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++) {
		static const uint32_t lens[] = { 4096, 65536 };

		for (i = 0; i < 2; i++) {
			uint32_t slot = vdma_slots_take(&b->slots, lens[i],
							cpu);

			vdma_slots_give(&b->slots, slot, cpu);
		}
	}
	assert_true(b->slots.count >= 2 * CPUS);
}

/* What other CPUs keep is found before "full" is said. */
static void nothing_hides_in_caches(void **state)
{
	struct bench *b = set_up(CPUS);

	(void)state;
	assert_int_equal(b->slots.caches, CPUS);
	keep_some(b);
	whole_again(b);
	keep_some(b);
	assert_true(take(b, (UNITS - SMALL) * 4096, 4096));
	give_all(b);
	/* A small pool has fewer caches. */
	vdma_slots_init(&b->slots, 1 << 20, CPUS, NULL, b->private_mem);
	assert_int_equal(b->slots.caches, 2);
	vdma_slots_init(&b->slots, 1 << 16, CPUS, NULL, b->private_mem);
	assert_int_equal(b->slots.caches, 1);
	tear_down(b);
}

static void count_turn(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void no_turn(void *ctx)
{
	(void)ctx;
}

/* Two requests of 128 KiB at once on each CPU: the lock is for the first ones. */
static void pages_without_the_lock(void **state)
{
	struct bench *b = set_up(CPUS);
	unsigned int turns = 0, round, cpu, i;
	struct vdma_lock lock = { count_turn, no_turn, &turns };
	uint64_t bytes;

	(void)state;
	b->slots.lock = &lock;
	for (round = 0; round < 100; round++) {
		for (cpu = 0; cpu < CPUS; cpu++) {
			uint32_t slot[4];

			for (i = 0; i < 4; i++)
				slot[i] = vdma_slots_take(&b->slots, 65536 - i,
							  cpu);
			for (i = 0; i < 4; i++)
				vdma_slots_give(&b->slots, slot[i], cpu);
		}
	}
	assert_int_equal(turns, CPUS * 4);
	assert_int_equal(vdma_slots_live(&b->slots, &bytes), 0);
	b->slots.lock = NULL;
	/* A fifth goes back to the pool. */
	for (i = 0; i < 5; i++)
		assert_true(take(b, 65536, 0));
	whole_again(b);
	tear_down(b);
}

/* What another CPU does while this one waits for the lock. */
static void others_turn(void *ctx)
{
	struct bench *b = ctx;

	while (b->count)
		give(b, b->count - 1);
}

/* The cache was empty when it was looked at, and is full a moment later. */
static void filled_meanwhile(void **state)
{
	struct bench *b = set_up(1);
	struct vdma_lock lock = { others_turn, no_turn, b };
	unsigned int i;
	uint32_t slot;

	(void)state;
	/* Eight move at once: none is in the cache after these. */
	for (i = 0; i < VDMA_SLOT_CACHED; i++)
		assert_true(take(b, 4096, 0));
	assert_int_equal(b->slots.count, VDMA_SLOT_CACHED);
	b->slots.lock = &lock;
	slot = vdma_slots_take(&b->slots, 4096, 0);
	b->slots.lock = NULL;
	assert_int_equal(b->slots.count, VDMA_SLOT_CACHED + 1);
	vdma_slots_give(&b->slots, slot, 0);
	whole_again(b);
	tear_down(b);
}

/* A network card's receive buffers and a disk's requests, for long. */
static void long_runs_among_short(void **state)
{
	struct bench *b = set_up(CPUS);
	unsigned int step, refused = 0, i;

	(void)state;
	for (i = 0; i < 256; i++)
		assert_true(take(b, 1536, 0));
	for (step = 0; step < 200000; step++) {
		/* 256 receive buffers and 64 requests of 4 KiB at most */
		if (b->count < 320 && pick(b, 2))
			assert_true(take(b, 4096, 0));
		else if (b->count > 256)
			give(b, 256 + pick(b, b->count - 256));
		if (step % 4)
			continue;
		/* which leaves room for a long one, always */
		if (!take(b, MOST, 0))
			refused++;
		else
			give(b, b->count - 1);
	}
	assert_int_equal(refused, 0);
	whole_again(b);
	tear_down(b);
}

/*
 * Most requests are short, and 60 % of the pool is taken: one of 64 KiB still
 * finds its place.
 */
static void runs_at_high_load(void **state)
{
	static const uint32_t lens[] = { 4096, 4096, 4096, 4096, 4096, 1536,
					 1536, 1536, 65536, 16384 };
	struct bench *b = set_up(CPUS);
	unsigned int step, tried = 0, refused = 0;
	uint64_t used = 0;

	(void)state;
	for (step = 0; step < 1000000; step++) {
		uint32_t len = lens[pick(b, 10)];

		if (used < SIZE / 10 * 6) {
			tried += len == 65536;
			if (take(b, len, 0))
				used += len;
			else
				refused += len == 65536;
		} else {
			unsigned int which = pick(b, b->count);

			used -= b->taken[which].len;
			give(b, which);
		}
	}
	print_message("%u of %u refused\n", refused, tried);
	assert_true(tried > 40000 && refused < 100);
	whole_again(b);
	tear_down(b);
}

static uint32_t random_len(struct bench *b)
{
	static const uint32_t below[] = {
		64, 64, 64, 512, 2048, 2048, 4096, 4096, 65536, MOST,
	};

	return 1 + pick(b, below[pick(b, 10)]);
}

static void random_slots(void **state)
{
	struct bench *b = set_up(CPUS);
	unsigned int step, full = 0;
	uint64_t bytes;

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)SEED);
	for (step = 0; step < STEPS; step++) {
		/* now and then nearly all is taken, now and then nearly none */
		bool more = pick(b, 100) < (step / 50000 % 2 ? 60u : 40u);

		if (more && b->count < 5999)
			full += !take(b, random_len(b),
				      pick(b, 50) ? 0 : 4096u << pick(b, 5));
		else if (b->count)
			give(b, pick(b, b->count));
		if (step % 10000 == 0)
			assert_int_equal(vdma_slots_live(&b->slots, &bytes),
					 b->count);
		if (step % 400000 == 0)
			whole_again(b);
	}
	assert_true(full > 1000);
	assert_true(b->slots.taken_max > SIZE - SIZE / 8);
	whole_again(b);
	tear_down(b);
}

static void strangers(void **state)
{
	struct bench *b = set_up(1);

	(void)state;
	assert_int_equal(vdma_slots_find(&b->slots, SIZE / 64), VDMA_SLOT_NONE);
	assert_int_equal(vdma_slots_find(&b->slots, ~0u), VDMA_SLOT_NONE);
	assert_int_equal(vdma_slots_find(&b->slots, SMALL * 64),
			 VDMA_SLOT_NONE);
	tear_down(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(nothing_hides_in_caches),
		cmocka_unit_test(pages_without_the_lock),
		cmocka_unit_test(filled_meanwhile),
		cmocka_unit_test(long_runs_among_short),
		cmocka_unit_test(runs_at_high_load),
		cmocka_unit_test(random_slots),
		cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
