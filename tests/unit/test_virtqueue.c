// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: over any sequence of operations, in every format and with every
 * feature, the device sees each buffer once, whole and mapped, the driver gets
 * each back once, and neither waits for a notification that does not come. The
 * other side is the reference device of vq_model.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "vq_bench.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define STEPS		250000

static void dev_step(struct bench *b)
{
	struct dev *d = &b->d;
	unsigned int n = pick(b, 4), first = 0, i;
	uint32_t len;

	if (b->asleep && !d->notified) {
		/* Nobody told it, so there must be nothing to do. */
		assert_false(d->wants && dev_has(d));
		b->asleep = d->wants;
	}
	for (i = pick(b, 4); i && !b->asleep && d->held_count < DEV_MAX; i--)
		if (!dev_fetch(d))
			break;
	if (!d->held_count || !n)
		return;
	if (!(d->features & VDMA_F_IN_ORDER)) {
		n = 1;
		first = pick(b, d->held_count);
	} else if (n > d->held_count) {
		n = d->held_count;
	}
	for (i = first; i < first + n - 1; i++)
		process(b, d->held[i], d->held[i]->room);
	len = d->held[i]->room ? pick(b, d->held[i]->room + 1) : 0;
	process(b, d->held[i], len);
	if (!dev_complete(d, first, n, len))
		/* The driver waits, so it wanted to know of this. */
		assert_false(b->listening);
	b->listening = false;
}

/* The device goes to sleep as devices do: ask, and look once more. */
static void dev_sleep(struct bench *b)
{
	struct dev *d = &b->d;

	dev_ask(d, pick(b, 2));
	d->notified = 0;
	b->asleep = d->wants && !dev_has(d);
}

static void driver_kick(struct bench *b)
{
	unsigned int before = b->d.notified;

	assert_int_equal(vdma_vq_kick(&b->vq), VDMA_OK);
	/* A device that asked for silence gets it. */
	if (!b->d.wants)
		assert_int_equal(b->d.notified, before);
	if (b->d.notified)
		b->asleep = false;
}

static void driver_listen(struct bench *b)
{
	get_all(b);
	if (pick(b, 2)) {
		vdma_vq_disable_cb(&b->vq);
		b->listening = false;
	} else {
		b->listening = !vdma_vq_enable_cb(&b->vq);
	}
}

static void run(uint64_t features, uint16_t num, uint16_t table)
{
	struct bench *b = set_up(features, num, table);
	unsigned int most = num < SEG_MAX ? num : SEG_MAX;
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		switch (pick(b, 8)) {
		case 0:
		case 1:
			add(b, pick(b, 4) ? (most < 3 ? most : 3) : most);
			break;
		case 2:
			driver_kick(b);
			break;
		case 3:
			get_all(b);
			b->listening = false;
			break;
		case 4:
			driver_listen(b);
			break;
		case 5:
			dev_sleep(b);
			break;
		default:
			dev_step(b);
		}
	}
	print_message("  features %09llx num %3u: %u buffers, %llu notifications\n",
		      (unsigned long long)features, num, b->back,
		      (unsigned long long)b->vq.notified);
	tear_down(b);
}

static void random_operations(void **state)
{
	static const uint16_t sizes[] = { 256, 64, 8, 4, 100, 1 };
	unsigned int bits;

	(void)state;
	print_message("  seed %llx, %u steps each\n", SEED, STEPS);
	for (bits = 0; bits < 16; bits++) {
		uint64_t features = (bits & 1 ? VDMA_F_EVENT_IDX : 0) |
				    (bits & 2 ? VDMA_F_INDIRECT_DESC : 0) |
				    (bits & 4 ? VDMA_F_RING_PACKED : 0) |
				    (bits & 8 ? VDMA_F_IN_ORDER : 0);
		uint16_t num = sizes[bits % (bits & 4 ? 6 : 4)];

		run(features, num, num < 16 ? num : 16);
	}
}

/* Indexes are 16 bits wide: more buffers than that, one at a time and many. */
static void wrap_around(void **state)
{
	static const struct {
		uint64_t features;
		uint16_t num, batch;
	} cases[] = {
		{ 0, 4, 1 }, { 0, 256, 200 }, { VDMA_F_EVENT_IDX, 16, 7 },
		{ VDMA_F_RING_PACKED, 5, 1 },
		{ VDMA_F_RING_PACKED | VDMA_F_EVENT_IDX, 255, 101 },
		{ VDMA_F_IN_ORDER | VDMA_F_EVENT_IDX, 32, 32 },
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench *b = set_up(cases[i].features, cases[i].num, 0);

		while (b->back < 140000) {
			for (j = 0; j < cases[i].batch; j++)
				add(b, 1);
			driver_kick(b);
			while (dev_fetch(&b->d))
				;
			while (b->d.held_count) {
				process(b, b->d.held[0], b->d.held[0]->room);
				dev_complete(&b->d, 0, 1, b->d.held[0]->room);
			}
			get_all(b);
			assert_int_equal(b->vq.in_flight, 0);
			assert_int_equal(b->vq.free, b->vq.config.num);
		}
		tear_down(b);
	}
}

static void sizes_that_are_none(void **state)
{
	static const struct vdma_vq_config none[] = {
		{ .num = 0 }, { .num = 3 }, { .num = 32769 },
		{ .num = 65535, .features = VDMA_F_RING_PACKED },
		{ .num = 8, .indirect_max = 9, .features = VDMA_F_INDIRECT_DESC },
	};
	struct model *m = model_new();
	struct vdma_vq vq;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(vdma_vq_private_size(&none[i]), 0);
		assert_int_equal(vdma_vq_init(&vq, &m->domain, &none[i], NULL),
				 VDMA_E_QUEUE_SIZE);
	}
	model_free(m);
}

static void buffers_that_are_none(void **state)
{
	struct bench *b = set_up(0, 4, 0);
	struct vdma_sg sg[5] = { { b->data.phys, 0, false } };
	unsigned int i;

	(void)state;
	assert_int_equal(vdma_vq_add(&b->vq, sg, 1, 0, b), VDMA_E_INVALID);
	for (i = 0; i < 5; i++)
		sg[i] = (struct vdma_sg){ b->data.phys, 1, false };
	assert_int_equal(vdma_vq_add(&b->vq, sg, 0, 0, b), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&b->vq, sg, 1, 0, NULL), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&b->vq, sg, 3, 2, b), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&b->vq, sg, -1u, 3, b), VDMA_E_INVALID);
	sg[0].len = 0xffffffff;
	assert_int_equal(vdma_vq_add(&b->vq, sg, 0, 2, b), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_kick(&b->vq), VDMA_OK);
	assert_int_equal(b->d.notified, 0);
	tear_down(b);
}

/* After a reset the same ring works again. */
static void restart(void **state)
{
	unsigned int bits, i;

	(void)state;
	for (bits = 0; bits < 2; bits++) {
		struct bench *b = set_up(bits ? VDMA_F_RING_PACKED : 0, 8, 0);

		for (i = 0; i < 100; i++) {
			while (!add(b, 2))
				;
			driver_kick(b);
			dev_fetch(&b->d);
			detach_all(b);
			vdma_vq_restart(&b->vq);
			dev_init(&b->d, b->m, &b->vq);
			assert_int_equal(b->vq.free, 8);
		}
		tear_down(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(wrap_around),
		cmocka_unit_test(sizes_that_are_none),
		cmocka_unit_test(buffers_that_are_none),
		cmocka_unit_test(restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
