/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Slots, and books on who has which granule. */
#ifndef SLOTS_BENCH_H
#define SLOTS_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dma/slots.h>
#include "random.h"

#define SEED		0x510750bad5eedull
#define SIZE		(3u << 20)
#define UNITS		(SIZE / 4096)
#define SMALL		(UNITS / 16)
#define CPUS		4

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

static inline uint32_t pick(struct bench *b, uint32_t below)
{
	return random_below(&b->random, below);
}

static inline struct bench *set_up(uint32_t cpus)
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

static inline void tear_down(struct bench *b)
{
	free(b->private_mem);
	free(b);
}

static inline uint32_t granules(uint32_t len)
{
	return (len + 63) / 64;
}

/* Takes a slot and enters it in the books; false if there is none. */
static inline uint32_t slot_alloc(struct bench *b, uint64_t len, uint32_t cpu)
{
	return vdma_slots_alloc(&b->slots, len,
				vdma_slots_cache(&b->slots, cpu));
}

static inline void slot_free(struct bench *b, uint32_t slot, uint32_t cpu)
{
	vdma_slots_free(&b->slots, slot, vdma_slots_cache(&b->slots, cpu));
}

static inline bool take(struct bench *b, uint32_t len, uint32_t align)
{
	uint32_t cpu = pick(b, 2 * CPUS), i, record;
	struct taken *t = &b->taken[b->count];

	t->len = len;
	t->align = align;
	t->slot = align ? vdma_slots_alloc_aligned(&b->slots, len, align) :
			  slot_alloc(b, len, cpu);
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

static inline void give(struct bench *b, unsigned int which)
{
	struct taken t = b->taken[which];
	uint32_t i;

	b->taken[which] = b->taken[--b->count];
	for (i = t.slot; i < t.slot + granules(t.len); i++)
		b->owner[i] = 0;
	b->record[vdma_slots_record(&b->slots, t.slot)] = 0;
	slot_free(b, t.slot, pick(b, 2 * CPUS));
}

static inline void give_all(struct bench *b)
{
	uint64_t bytes;

	while (b->count)
		give(b, b->count - 1);
	assert_int_equal(vdma_slots_live(&b->slots, &bytes), 0);
	assert_int_equal(bytes, 0);
}

/* All that is not for the shortest slots, in one piece. */
static inline void whole_again(struct bench *b)
{
	give_all(b);
	assert_true(take(b, (UNITS - SMALL) * 4096, 0));
	assert_false(take(b, 4096, 0));
	give_all(b);
}

#endif /* SLOTS_BENCH_H */
