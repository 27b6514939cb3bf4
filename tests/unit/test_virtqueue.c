// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: over any sequence of operations, in every format and with every feature, the
 * device sees each buffer once, complete and mapped, the driver gets each back once, and
 * neither waits for a notification that does not come. The other side is the reference
 * device of vq_model.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "vq_fixture.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define STEPS		250000

static void dev_step(struct fixture *f)
{
	struct dev *d = &f->r.d;
	unsigned int n = pick(f, 4), first = 0, i;
	uint32_t len;

	if (f->asleep && !d->notified) {
		/* It was not notified, so there must be nothing to do. */
		assert_false(d->wants && dev_has(d));
		f->asleep = d->wants;
	}
	for (i = pick(f, 4); i && !f->asleep && d->held_count < DEV_MAX; i--)
		if (!dev_fetch(d))
			break;
	if (!d->held_count || !n)
		return;
	if (!(d->features & VDMA_F_IN_ORDER)) {
		n = 1;
		first = pick(f, d->held_count);
	} else if (n > d->held_count) {
		n = d->held_count;
	}
	for (i = first; i < first + n - 1; i++)
		process(f, d->held[i], d->held[i]->room);
	len = d->held[i]->room ? pick(f, d->held[i]->room + 1) : 0;
	process(f, d->held[i], len);
	if (!dev_complete(d, first, n, len))
		/* The driver waits, so it must have asked for this interrupt. */
		assert_false(f->listening);
	f->listening = false;
}

/* The device goes to sleep: asks for a notification, then checks once more. */
static void dev_sleep(struct fixture *f)
{
	struct dev *d = &f->r.d;

	dev_ask(d, pick(f, 2));
	d->notified = 0;
	f->asleep = d->wants && !dev_has(d);
}

static void driver_kick(struct fixture *f)
{
	unsigned int before = f->r.d.notified;

	assert_int_equal(vdma_vq_kick(&f->r.vq), VDMA_OK);
	/* No notification without a request for one */
	if (!f->r.d.wants)
		assert_int_equal(f->r.d.notified, before);
	if (f->r.d.notified)
		f->asleep = false;
}

static void driver_listen(struct fixture *f)
{
	get_all(f);
	if (pick(f, 2)) {
		vdma_vq_disable_cb(&f->r.vq);
		f->listening = false;
	} else {
		f->listening = !vdma_vq_enable_cb(&f->r.vq);
	}
}

static void run(uint64_t features, uint16_t num, uint16_t table)
{
	struct fixture *f = set_up(features, num, table);
	unsigned int most = num < SEG_MAX ? num : SEG_MAX;
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		switch (pick(f, 8)) {
		case 0:
		case 1:
			add(f, pick(f, 4) ? (most < 3 ? most : 3) : most);
			break;
		case 2:
			driver_kick(f);
			break;
		case 3:
			get_all(f);
			f->listening = false;
			break;
		case 4:
			driver_listen(f);
			break;
		case 5:
			dev_sleep(f);
			break;
		default:
			dev_step(f);
		}
	}
	print_message("  features %09llx num %3u: %u buffers, %llu notifications\n",
		      (unsigned long long)features, num, f->completed,
		      (unsigned long long)f->r.vq.notified);
	tear_down(f);
}

/* All formats and features, with rings of several sizes */
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

/* Indexes of 16 bits wrap, with one buffer at a time and with many. */
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
		struct fixture *f = set_up(cases[i].features, cases[i].num, 0);

		while (f->completed < 140000) {
			for (j = 0; j < cases[i].batch; j++)
				add(f, 1);
			driver_kick(f);
			while (dev_fetch(&f->r.d))
				;
			while (f->r.d.held_count) {
				process(f, f->r.d.held[0], f->r.d.held[0]->room);
				dev_complete(&f->r.d, 0, 1, f->r.d.held[0]->room);
			}
			get_all(f);
			assert_int_equal(f->r.vq.in_flight, 0);
			assert_int_equal(f->r.vq.free, f->r.vq.config.num);
		}
		tear_down(f);
	}
}

/* Impossible sizes are refused. */
static void invalid_sizes(void **state)
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

/* Impossible buffers are refused, and the device hears nothing. */
static void invalid_buffers(void **state)
{
	struct fixture *f = set_up(0, 4, 0);
	struct vdma_sg sg[5] = { { f->r.data.phys, 0, false } };
	unsigned int i;

	(void)state;
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, 1, 0, f), VDMA_E_INVALID);
	for (i = 0; i < 5; i++)
		sg[i] = (struct vdma_sg){ f->r.data.phys, 1, false };
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, 0, 0, f), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, 1, 0, NULL), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, 3, 2, f), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, -1u, 3, f), VDMA_E_INVALID);
	sg[0].len = 0xffffffff;
	assert_int_equal(vdma_vq_add(&f->r.vq, sg, 0, 2, f), VDMA_E_INVALID);
	assert_int_equal(vdma_vq_kick(&f->r.vq), VDMA_OK);
	assert_int_equal(f->r.d.notified, 0);
	tear_down(f);
}

/* After a reset the same ring works again. */
static void restart(void **state)
{
	unsigned int bits, i;

	(void)state;
	for (bits = 0; bits < 2; bits++) {
		struct fixture *f = set_up(bits ? VDMA_F_RING_PACKED : 0, 8, 0);

		for (i = 0; i < 100; i++) {
			while (!add(f, 2))
				;
			driver_kick(f);
			dev_fetch(&f->r.d);
			detach_all(f);
			vdma_vq_restart(&f->r.vq);
			dev_init(&f->r.d, f->r.m, &f->r.vq);
			assert_int_equal(f->r.vq.free, 8);
		}
		tear_down(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(wrap_around),
		cmocka_unit_test(invalid_sizes),
		cmocka_unit_test(invalid_buffers),
		cmocka_unit_test(restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
