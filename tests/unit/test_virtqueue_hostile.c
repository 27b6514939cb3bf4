// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: whatever a device writes into its ring, the driver accesses only its own
 * memory, returns the right error, stops using the ring, and returns each buffer once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hostile_fixture.h"

/* The ring returns its error from every call, and does nothing else. */
static void expect_broken(struct fixture *f, int error)
{
	unsigned int live = f->r.m->live, notified = f->r.d.notified;
	struct vdma_vq_used used;

	assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used), error);
	assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used), error);
	assert_int_equal(add(f), error);
	assert_int_equal(vdma_vq_kick(&f->r.vq), error);
	assert_int_equal(f->r.vq.error, error);
	assert_int_equal(f->r.m->live, live);
	assert_int_equal(f->r.d.notified, notified);
}

/* State of the buffer that a wrong used element names */
enum about {
	AVAIL,
	ADDED,
	RETURNED,
	NEVER,
	NO_SUCH,
};

struct fault {
	const char *name;
	enum about about;
	uint32_t len;
	int error;
};

static const struct fault faults[] = {
	{ "identifier beyond the ring", NO_SUCH, 0, VDMA_E_USED_ID },
	{ "buffer that was never added", NEVER, 0, VDMA_E_USED_FREE },
	{ "buffer returned twice", RETURNED, 0, VDMA_E_USED_FREE },
	{ "buffer not yet available", ADDED, 0, VDMA_E_USED_FREE },
	{ "one byte too many", AVAIL, LEN / 2 + 1, VDMA_E_USED_LEN },
	{ "the longest length", AVAIL, 0xffffffff, VDMA_E_USED_LEN },
};

static void inject(uint64_t features, const struct fault *fault)
{
	struct fixture *f = set_up(features);
	struct vdma_vq_used used;
	uint16_t id[4];
	unsigned int i;

	/* one returned, two available, one added */
	for (i = 0; i < 3; i++)
		assert_int_equal(add(f), VDMA_OK);
	vdma_vq_kick(&f->r.vq);
	for (i = 0; i < 3; i++)
		id[i] = dev_fetch(&f->r.d)->id;
	dev_complete(&f->r.d, 0, 1, 5);
	assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used), 1);
	assert_int_equal(used.len, 5);
	complete(f, used.token);
	id[3] = f->r.vq.free_head;
	/* the next buffer reuses the identifier of the returned one */
	if (fault->about == ADDED)
		assert_int_equal(add(f), VDMA_OK);
	switch (fault->about) {
	case AVAIL:
		i = id[1];
		break;
	case ADDED:
		i = id[3];
		break;
	case RETURNED:
		i = id[0];
		break;
	case NEVER:
		i = NUM - 1;
		break;
	default:
		i = NUM;
	}
	dev_write_used(&f->r.d, i, fault->len, true, 1, 1);
	expect_broken(f, fault->error);
	tear_down(f);
}

/* Each wrong used element has its error, in each format. */
static void each_fault(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		for (j = 0; j < ARRAY_SIZE(faults); j++)
			inject(formats[i], &faults[j]);
}

/* A split ring's index that jumps ahead or back */
static void index_that_jumps(void **state)
{
	static const uint16_t jumps[] = { 3, 8, 9, 0x7fff, 0x8000, 0xffff };
	unsigned int i, order;

	(void)state;
	for (order = 0; order < 2; order++) {
		for (i = 0; i < ARRAY_SIZE(jumps); i++) {
			struct fixture *f = set_up(order ? VDMA_F_IN_ORDER : 0);

			add(f);
			add(f);
			vdma_vq_kick(&f->r.vq);
			put_le(&f->r.d, f->r.d.device + 2, 2, jumps[i]);
			expect_broken(f, VDMA_E_USED_INDEX);
			tear_down(f);
		}
	}
}

/* A batch whose last buffer is past the used index */
static void batch_past_the_index(void **state)
{
	struct fixture *f = set_up(VDMA_F_IN_ORDER);
	struct dev_buf *second;

	(void)state;
	add(f);
	add(f);
	vdma_vq_kick(&f->r.vq);
	dev_fetch(&f->r.d);
	second = dev_fetch(&f->r.d);
	dev_write_used(&f->r.d, second->id, 0, true, 1, 2);
	expect_broken(f, VDMA_E_USED_INDEX);
	tear_down(f);
}

/* A used descriptor in a packed ring without buffers */
static void used_in_empty_ring(void **state)
{
	struct fixture *f = set_up(VDMA_F_RING_PACKED);

	(void)state;
	dev_write_used(&f->r.d, 0, 0, false, 1, 1);
	expect_broken(f, VDMA_E_USED_FREE);
	tear_down(f);
}

/* 2.8.13: a packed ring's length means nothing for a buffer that is only read. */
static void length_without_meaning(void **state)
{
	struct fixture *f = set_up(VDMA_F_RING_PACKED);
	struct vdma_sg sg = { f->r.data.phys, LEN, false };
	struct vdma_vq_used used;

	(void)state;
	assert_int_equal(vdma_vq_add(&f->r.vq, &sg, 1, 0, f), VDMA_OK);
	vdma_vq_kick(&f->r.vq);
	dev_write_used(&f->r.d, 0, 0xffffffff, false, 1, 1);
	assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used), 1);
	assert_int_equal(used.len, 0);
	assert_ptr_equal(used.token, f);
	tear_down(f);
}

/* QEMU's packed rings never set WRITE in a used descriptor. */
static void length_without_flag(void **state)
{
	struct fixture *f = set_up(VDMA_F_RING_PACKED);
	struct vdma_vq_used used;

	(void)state;
	add(f);
	vdma_vq_kick(&f->r.vq);
	dev_write_used(&f->r.d, 0, LEN / 2, false, 1, 2);
	assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used), 1);
	assert_int_equal(used.len, LEN / 2);
	complete(f, used.token);
	tear_down(f);
}

static uint64_t clock_now(void *ctx)
{
	struct fixture *f = ctx;

	return f->now;
}

static void clock_relax(void *ctx)
{
	struct fixture *f = ctx;

	f->now += 10;
}

/* Without an answer in time the ring is broken. */
static void no_answer(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct fixture *f = set_up(formats[i]);
		struct vdma_clock clock = { clock_now, clock_relax, f };
		struct vdma_vq_used used;

		add(f);
		vdma_vq_kick(&f->r.vq);
		assert_int_equal(vdma_vq_wait(&f->r.vq, &used, &clock, 1000),
				 VDMA_E_TIMEOUT);
		assert_true(f->now >= 1000 && f->now < 1100);
		/* a late answer does not count */
		dev_fetch(&f->r.d);
		dev_complete(&f->r.d, 0, 1, 0);
		expect_broken(f, VDMA_E_TIMEOUT);
		tear_down(f);
	}
}

/* An answer that is there at the deadline counts. */
static void answer_at_the_last_moment(void **state)
{
	struct fixture *f = set_up(0);
	struct vdma_clock clock = { clock_now, clock_relax, f };
	struct vdma_vq_used used;

	(void)state;
	add(f);
	vdma_vq_kick(&f->r.vq);
	dev_fetch(&f->r.d);
	dev_complete(&f->r.d, 0, 1, 7);
	assert_int_equal(vdma_vq_wait(&f->r.vq, &used, &clock, 0), VDMA_OK);
	assert_int_equal(used.len, 7);
	complete(f, used.token);
	tear_down(f);
}

/* If a mapping cannot be removed, the buffer stays and the ring is broken. */
static void unmap_that_fails(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (n = 1; n <= 2; n++) {
			struct fixture *f = set_up(formats[i]);
			struct vdma_vq_used used;

			add(f);
			vdma_vq_kick(&f->r.vq);
			dev_fetch(&f->r.d);
			dev_complete(&f->r.d, 0, 1, 0);
			f->r.m->fail_unmap = n;
			assert_int_equal(vdma_vq_get_buf(&f->r.vq, &used),
					 VDMA_E_TCE);
			expect_broken(f, VDMA_E_TCE);
			tear_down(f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault),
		cmocka_unit_test(index_that_jumps),
		cmocka_unit_test(batch_past_the_index),
		cmocka_unit_test(used_in_empty_ring),
		cmocka_unit_test(length_without_meaning),
		cmocka_unit_test(length_without_flag),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(answer_at_the_last_moment),
		cmocka_unit_test(unmap_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
