/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* An allocator of slots, and a record of each granule's owner */
#ifndef SLOTS_FIXTURE_H
#define SLOTS_FIXTURE_H

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

struct fixture {
	struct vdma_slots slots;
	void *private_mem;
	uint64_t random;
	/* each granule's owner, from 1; 0: free */
	uint16_t owner[SIZE / 64];
	uint16_t record[SIZE / 64];
	struct taken taken[SIZE / 256];
	unsigned int count;
};

static inline uint32_t pick(struct fixture *f, uint32_t below)
{
	return random_below(&f->random, below);
}

static inline struct fixture *set_up(uint32_t cpus)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t len = vdma_slots_size(SIZE, cpus);

	assert_non_null(f);
	assert_int_equal(len % 128, 0);
	f->private_mem = aligned_alloc(128, len);
	f->random = SEED;
	vdma_slots_init(&f->slots, SIZE, cpus, NULL, f->private_mem);
	assert_true(vdma_slots_records(SIZE) <= SIZE / 64);
	return f;
}

static inline void tear_down(struct fixture *f)
{
	free(f->private_mem);
	free(f);
}

static inline uint32_t granules(uint32_t len)
{
	return (len + 63) / 64;
}

static inline uint32_t slot_alloc(struct fixture *f, uint64_t len, uint32_t cpu)
{
	return vdma_slots_alloc(&f->slots, len,
				vdma_slots_cache(&f->slots, cpu));
}

static inline void slot_free(struct fixture *f, uint32_t slot, uint32_t cpu)
{
	vdma_slots_free(&f->slots, slot, vdma_slots_cache(&f->slots, cpu));
}

/* Allocates a slot and records it; false if the pool is full. */
static inline bool take(struct fixture *f, uint32_t len, uint32_t align)
{
	uint32_t cpu = pick(f, 2 * CPUS), i, record;
	struct taken *t = &f->taken[f->count];

	t->len = len;
	t->align = align;
	t->slot = align ? vdma_slots_alloc_aligned(&f->slots, len, align) :
			  slot_alloc(f, len, cpu);
	if (t->slot == VDMA_SLOT_NONE)
		return false;
	assert_true(t->slot * 64ull + len <= SIZE);
	assert_true(!align || t->slot % (align / 64) == 0);
	for (i = t->slot; i < t->slot + granules(len); i++) {
		assert_int_equal(f->owner[i], 0);
		f->owner[i] = 1;
		assert_int_equal(vdma_slots_find(&f->slots, i), t->slot);
	}
	record = vdma_slots_record(&f->slots, t->slot);
	assert_true(record < vdma_slots_records(SIZE));
	assert_int_equal(f->record[record], 0);
	f->record[record] = 1;
	f->count++;
	return true;
}

static inline void give(struct fixture *f, unsigned int which)
{
	struct taken t = f->taken[which];
	uint32_t i;

	f->taken[which] = f->taken[--f->count];
	for (i = t.slot; i < t.slot + granules(t.len); i++)
		f->owner[i] = 0;
	f->record[vdma_slots_record(&f->slots, t.slot)] = 0;
	slot_free(f, t.slot, pick(f, 2 * CPUS));
}

static inline void give_all(struct fixture *f)
{
	uint64_t bytes;

	while (f->count)
		give(f, f->count - 1);
	assert_int_equal(vdma_slots_live(&f->slots, &bytes), 0);
	assert_int_equal(bytes, 0);
}

/* Once all is freed, all units but those of the smallest slots are one run. */
static inline void whole_again(struct fixture *f)
{
	give_all(f);
	assert_true(take(f, (UNITS - SMALL) * 4096, 0));
	assert_false(take(f, 4096, 0));
	give_all(f);
}

#endif /* SLOTS_FIXTURE_H */
