// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: what a CPU keeps for itself takes no lock, is found by the others
 * before a pool is called full, and is never more than its share.
 */
#include "slots_bench.h"

#define CACHED_UNITS	(VDMA_SLOT_CACHED / 4)

static void keep_some(struct bench *b)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++) {
		static const uint32_t lens[] = { 4096, 65536 };

		for (i = 0; i < 2; i++) {
			uint32_t slot = slot_alloc(b, lens[i], cpu);

			slot_free(b, slot, cpu);
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

/*
 * Who comes in between leaves the top too low or too high: that costs a turn of the
 * lock, and nothing is lost.
 */
static void top_is_a_hint(void **state)
{
	struct bench *b = set_up(1);
	struct vdma_slot_cache *cache = b->slots.cache;
	unsigned int class, i;

	(void)state;
	for (class = 0; class < VDMA_SLOT_CLASSES; class++) {
		static const uint32_t len[] = { 64, 512, 2048, 4096, 65536 };
		static const uint32_t tops[] = { 0, 1, 3, 4 };

		for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
			assert_true(take(b, len[class], 0));
			assert_true(take(b, len[class], 0));
			assert_true(take(b, len[class], 0));
			cache->top[class] = tops[i];
			give(b, 2);
			give(b, 1);
			cache->top[class] = tops[i];
			assert_true(take(b, len[class], 0));
			give_all(b);
		}
		cache->top[class] = 0;
	}
	assert_true(b->slots.count > 0);
	whole_again(b);
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
				slot[i] = slot_alloc(b, 65536 - i, cpu);
			for (i = 0; i < 4; i++)
				slot_free(b, slot[i], cpu);
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

/* A card's driver maps as many frames as it has just unmapped. */
static void frames_without_the_lock(void **state)
{
	struct bench *b = set_up(1);
	unsigned int turns = 0, before, round, i;
	struct vdma_lock lock = { count_turn, no_turn, &turns };

	(void)state;
	b->slots.lock = &lock;
	for (round = 0; round < 10; round++) {
		before = turns;
		for (i = 0; i < VDMA_SLOT_CACHED; i++) {
			assert_true(take(b, 64, 0));
			assert_true(take(b, 100, 0));
			assert_true(take(b, 1448, 0));
		}
		while (b->count)
			give(b, b->count - 1);
	}
	assert_int_equal(turns - before, 0);
	b->slots.lock = NULL;
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
	/* As many move at once: none is in the cache after these. */
	for (i = 0; i < CACHED_UNITS; i++)
		assert_true(take(b, 4096, 0));
	assert_int_equal(b->slots.count, CACHED_UNITS);
	b->slots.lock = &lock;
	slot = slot_alloc(b, 4096, 0);
	b->slots.lock = NULL;
	assert_int_equal(b->slots.count, CACHED_UNITS + 1);
	slot_free(b, slot, 0);
	whole_again(b);
	tear_down(b);
}

/* The lock, and how many slots it was held for at most */
struct held {
	struct bench *bench;
	uint32_t count;
	uint32_t most;
};

static void begin_hold(void *ctx)
{
	struct held *held = ctx;

	held->count = held->bench->slots.count;
}

static void end_hold(void *ctx)
{
	struct held *held = ctx;
	uint32_t now = held->bench->slots.count;
	uint32_t moved = now < held->count ? held->count - now :
					     now - held->count;

	if (moved > held->most)
		held->most = moved;
}

static void fill_caches(struct bench *b)
{
	static const uint32_t lens[] = { 64, 512, 2048, 4096 };
	uint32_t slot[VDMA_SLOT_CACHED], cpu, i, n;

	for (cpu = 0; cpu < CPUS; cpu++)
		for (i = 0; i < 4; i++) {
			for (n = 0; n < VDMA_SLOT_CACHED; n++)
				slot[n] = slot_alloc(b, lens[i], cpu);
			while (n--)
				slot_free(b, slot[n], cpu);
		}
}

/* Interrupts are off while Linux holds it, however much is in the caches. */
static void held_for_a_batch(void **state)
{
	struct bench *b = set_up(CPUS);
	struct held held = { .bench = b };
	struct vdma_lock lock = { begin_hold, end_hold, &held };
	uint64_t bytes;

	(void)state;
	b->slots.lock = &lock;
	fill_caches(b);
	assert_true(b->slots.count > CPUS * 3 * VDMA_SLOT_CACHED);
	assert_int_equal(vdma_slots_live(&b->slots, &bytes), 0);
	/* Needs all that the caches have. */
	assert_true(take(b, (UNITS - SMALL) * 4096, 0));
	assert_int_equal(b->slots.count, 1);
	give_all(b);
	fill_caches(b);
	assert_true(take(b, (UNITS - SMALL) * 4096, 4096));
	assert_in_range(held.most, 1, 16);
	b->slots.lock = NULL;
	whole_again(b);
	tear_down(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_hides_in_caches),
		cmocka_unit_test(top_is_a_hint),
		cmocka_unit_test(pages_without_the_lock),
		cmocka_unit_test(frames_without_the_lock),
		cmocka_unit_test(filled_meanwhile),
		cmocka_unit_test(held_for_a_batch),
	};

	return cmocka_run_group_tests_name("slot_cache", tests, NULL, NULL);
}
