// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: cached slots are allocated without the lock, are used by other CPUs before an
 * allocation fails, and are never more than a cache's share.
 */
#include "slots_fixture.h"

#define CACHED_UNITS	(VDMA_SLOT_CACHED / 4)

static void keep_some(struct fixture *f)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++) {
		static const uint32_t lens[] = { 4096, 65536 };

		for (i = 0; i < 2; i++) {
			uint32_t slot = slot_alloc(f, lens[i], cpu);

			slot_free(f, slot, cpu);
		}
	}
	assert_true(f->slots.count >= 2 * CPUS);
}

/* An allocation fails only after all caches have been drained. */
static void nothing_hides_in_caches(void **state)
{
	struct fixture *f = set_up(CPUS);

	(void)state;
	assert_int_equal(f->slots.caches, CPUS);
	keep_some(f);
	whole_again(f);
	keep_some(f);
	assert_true(take(f, (UNITS - SMALL) * 4096, 4096));
	give_all(f);
	/* A small pool has fewer caches. */
	vdma_slots_init(&f->slots, 1 << 20, CPUS, NULL, f->private_mem);
	assert_int_equal(f->slots.caches, 2);
	vdma_slots_init(&f->slots, 1 << 16, CPUS, NULL, f->private_mem);
	assert_int_equal(f->slots.caches, 1);
	tear_down(f);
}

/*
 * A concurrent push or pop leaves @top too low or too high: that costs taking the lock
 * once, but no slot is lost.
 */
static void top_is_a_hint(void **state)
{
	struct fixture *f = set_up(1);
	struct vdma_slot_cache *cache = f->slots.cache;
	unsigned int class, i;

	(void)state;
	for (class = 0; class < VDMA_SLOT_CLASSES; class++) {
		static const uint32_t len[] = { 64, 512, 2048, 4096, 65536 };
		static const uint32_t tops[] = { 0, 1, 3, 4 };

		for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
			assert_true(take(f, len[class], 0));
			assert_true(take(f, len[class], 0));
			assert_true(take(f, len[class], 0));
			cache->top[class] = tops[i];
			give(f, 2);
			give(f, 1);
			cache->top[class] = tops[i];
			assert_true(take(f, len[class], 0));
			give_all(f);
		}
		cache->top[class] = 0;
	}
	assert_true(f->slots.count > 0);
	whole_again(f);
	tear_down(f);
}

static void count_turn(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void no_turn(void *ctx)
{
	(void)ctx;
}

/* Of repeated requests for 64 KiB pages, only the first take the lock. */
static void pages_without_the_lock(void **state)
{
	struct fixture *f = set_up(CPUS);
	unsigned int turns = 0, round, cpu, i;
	struct vdma_lock lock = { count_turn, no_turn, &turns };
	uint64_t bytes;

	(void)state;
	f->slots.lock = &lock;
	for (round = 0; round < 100; round++) {
		for (cpu = 0; cpu < CPUS; cpu++) {
			uint32_t slot[4];

			for (i = 0; i < 4; i++)
				slot[i] = slot_alloc(f, 65536 - i, cpu);
			for (i = 0; i < 4; i++)
				slot_free(f, slot[i], cpu);
		}
	}
	assert_int_equal(turns, CPUS * 4);
	assert_int_equal(vdma_slots_live(&f->slots, &bytes), 0);
	f->slots.lock = NULL;
	/* The fifth goes back to the pool. */
	for (i = 0; i < 5; i++)
		assert_true(take(f, 65536, 0));
	whole_again(f);
	tear_down(f);
}

/* A network driver that maps as many frames as it has just unmapped takes no lock. */
static void frames_without_the_lock(void **state)
{
	struct fixture *f = set_up(1);
	unsigned int turns = 0, before, round, i;
	struct vdma_lock lock = { count_turn, no_turn, &turns };

	(void)state;
	f->slots.lock = &lock;
	for (round = 0; round < 10; round++) {
		before = turns;
		for (i = 0; i < VDMA_SLOT_CACHED; i++) {
			assert_true(take(f, 64, 0));
			assert_true(take(f, 100, 0));
			assert_true(take(f, 1448, 0));
		}
		while (f->count)
			give(f, f->count - 1);
	}
	assert_int_equal(turns - before, 0);
	f->slots.lock = NULL;
	whole_again(f);
	tear_down(f);
}

/* Another CPU's operations while this one waits for the lock */
static void others_turn(void *ctx)
{
	struct fixture *f = ctx;

	while (f->count)
		give(f, f->count - 1);
}

/* A cache that another CPU fills while this one waits for the lock */
static void filled_meanwhile(void **state)
{
	struct fixture *f = set_up(1);
	struct vdma_lock lock = { others_turn, no_turn, f };
	unsigned int i;
	uint32_t slot;

	(void)state;
	/* A batch of this size leaves the cache empty. */
	for (i = 0; i < CACHED_UNITS; i++)
		assert_true(take(f, 4096, 0));
	assert_int_equal(f->slots.count, CACHED_UNITS);
	f->slots.lock = &lock;
	slot = slot_alloc(f, 4096, 0);
	f->slots.lock = NULL;
	assert_int_equal(f->slots.count, CACHED_UNITS + 1);
	slot_free(f, slot, 0);
	whole_again(f);
	tear_down(f);
}

/* A lock that counts the slots that move while it is held */
struct held {
	struct fixture *fixture;
	uint32_t count;
	uint32_t most;
};

static void begin_hold(void *ctx)
{
	struct held *held = ctx;

	held->count = held->fixture->slots.count;
}

static void end_hold(void *ctx)
{
	struct held *held = ctx;
	uint32_t now = held->fixture->slots.count;
	uint32_t moved = now < held->count ? held->count - now :
					     now - held->count;

	if (moved > held->most)
		held->most = moved;
}

static void fill_caches(struct fixture *f)
{
	static const uint32_t lens[] = { 64, 512, 2048, 4096 };
	uint32_t slot[VDMA_SLOT_CACHED], cpu, i, n;

	for (cpu = 0; cpu < CPUS; cpu++)
		for (i = 0; i < 4; i++) {
			for (n = 0; n < VDMA_SLOT_CACHED; n++)
				slot[n] = slot_alloc(f, lens[i], cpu);
			while (n--)
				slot_free(f, slot[n], cpu);
		}
}

/* The lock is held for one batch at a time: Linux disables interrupts meanwhile. */
static void held_for_a_batch(void **state)
{
	struct fixture *f = set_up(CPUS);
	struct held held = { .fixture = f };
	struct vdma_lock lock = { begin_hold, end_hold, &held };
	uint64_t bytes;

	(void)state;
	f->slots.lock = &lock;
	fill_caches(f);
	assert_true(f->slots.count > CPUS * 3 * VDMA_SLOT_CACHED);
	assert_int_equal(vdma_slots_live(&f->slots, &bytes), 0);
	/* needs all cached slots */
	assert_true(take(f, (UNITS - SMALL) * 4096, 0));
	assert_int_equal(f->slots.count, 1);
	give_all(f);
	fill_caches(f);
	assert_true(take(f, (UNITS - SMALL) * 4096, 4096));
	assert_in_range(held.most, 1, 16);
	f->slots.lock = NULL;
	whole_again(f);
	tear_down(f);
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
