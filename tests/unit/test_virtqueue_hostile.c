// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: whatever a device writes into its ring, the driver neither reads nor
 * writes what is not its own, names what is wrong, stops using the ring, and
 * gives every buffer back once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hostile_bench.h"

/* The ring says what is wrong, goes on saying so, and does nothing else. */
static void expect_broken(struct bench *b, int error)
{
	unsigned int live = b->m->live, notified = b->d.notified;
	struct vdma_vq_used used;

	assert_int_equal(vdma_vq_get_buf(&b->vq, &used), error);
	assert_int_equal(vdma_vq_get_buf(&b->vq, &used), error);
	assert_int_equal(add(b), error);
	assert_int_equal(vdma_vq_kick(&b->vq), error);
	assert_int_equal(b->vq.error, error);
	assert_int_equal(b->m->live, live);
	assert_int_equal(b->d.notified, notified);
}

/* What a lie is about: a buffer that was added, shown, given back, or none. */
enum about {
	SHOWN,
	ADDED,
	RETURNED,
	NEVER,
	NO_SUCH,
};

struct lie {
	const char *name;
	enum about about;
	uint32_t len;
	int error;
};

static const struct lie lies[] = {
	{ "identifier behind the ring", NO_SUCH, 0, VDMA_E_USED_ID },
	{ "buffer that never was", NEVER, 0, VDMA_E_USED_FREE },
	{ "buffer returned twice", RETURNED, 0, VDMA_E_USED_FREE },
	{ "buffer not shown yet", ADDED, 0, VDMA_E_USED_FREE },
	{ "one byte too many", SHOWN, LEN / 2 + 1, VDMA_E_USED_LEN },
	{ "as many as can be", SHOWN, 0xffffffff, VDMA_E_USED_LEN },
};

static void tell(uint64_t features, const struct lie *lie)
{
	struct bench *b = set_up(features);
	struct vdma_vq_used used;
	uint16_t id[4];
	unsigned int i;

	/* one returned, two shown, one added */
	for (i = 0; i < 3; i++)
		assert_int_equal(add(b), VDMA_OK);
	vdma_vq_kick(&b->vq);
	for (i = 0; i < 3; i++)
		id[i] = dev_fetch(&b->d)->id;
	dev_complete(&b->d, 0, 1, 5);
	assert_int_equal(vdma_vq_get_buf(&b->vq, &used), 1);
	assert_int_equal(used.len, 5);
	came_back(b, used.token);
	id[3] = b->vq.free_head;
	/* the next takes the place of the one that came back: take it away */
	if (lie->about == ADDED)
		assert_int_equal(add(b), VDMA_OK);
	switch (lie->about) {
	case SHOWN:
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
	dev_write_used(&b->d, i, lie->len, true, 1, 1);
	expect_broken(b, lie->error);
	tear_down(b);
}

static void each_lie(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		for (j = 0; j < ARRAY_SIZE(lies); j++)
			tell(formats[i], &lies[j]);
}

/* A split ring's index can jump: ahead, back, or with nothing shown. */
static void index_that_jumps(void **state)
{
	static const uint16_t jumps[] = { 3, 8, 9, 0x7fff, 0x8000, 0xffff };
	unsigned int i, order;

	(void)state;
	for (order = 0; order < 2; order++) {
		for (i = 0; i < ARRAY_SIZE(jumps); i++) {
			struct bench *b = set_up(order ? VDMA_F_IN_ORDER : 0);

			add(b);
			add(b);
			vdma_vq_kick(&b->vq);
			put_le(&b->d, b->d.device + 2, 2, jumps[i]);
			expect_broken(b, VDMA_E_USED_INDEX);
			tear_down(b);
		}
	}
}

/* A batch's last buffer lies behind the index that is to announce it. */
static void batch_behind_the_index(void **state)
{
	struct bench *b = set_up(VDMA_F_IN_ORDER);
	struct dev_buf *second;

	(void)state;
	add(b);
	add(b);
	vdma_vq_kick(&b->vq);
	dev_fetch(&b->d);
	second = dev_fetch(&b->d);
	dev_write_used(&b->d, second->id, 0, true, 1, 2);
	expect_broken(b, VDMA_E_USED_INDEX);
	tear_down(b);
}

/* A packed ring without a buffer in it can't have a used one. */
static void used_out_of_nothing(void **state)
{
	struct bench *b = set_up(VDMA_F_RING_PACKED);

	(void)state;
	dev_write_used(&b->d, 0, 0, false, 1, 1);
	expect_broken(b, VDMA_E_USED_FREE);
	tear_down(b);
}

/* 2.8.13: a packed ring's length says nothing where nothing can be written. */
static void length_without_meaning(void **state)
{
	struct bench *b = set_up(VDMA_F_RING_PACKED);
	struct vdma_sg sg = { b->data.phys, LEN, false };
	struct vdma_vq_used used;

	(void)state;
	assert_int_equal(vdma_vq_add(&b->vq, &sg, 1, 0, b), VDMA_OK);
	vdma_vq_kick(&b->vq);
	dev_write_used(&b->d, 0, 0xffffffff, false, 1, 1);
	assert_int_equal(vdma_vq_get_buf(&b->vq, &used), 1);
	assert_int_equal(used.len, 0);
	assert_ptr_equal(used.token, b);
	tear_down(b);
}

/* QEMU's packed rings never set WRITE in a used descriptor. */
static void length_without_flag(void **state)
{
	struct bench *b = set_up(VDMA_F_RING_PACKED);
	struct vdma_vq_used used;

	(void)state;
	add(b);
	vdma_vq_kick(&b->vq);
	dev_write_used(&b->d, 0, LEN / 2, false, 1, 2);
	assert_int_equal(vdma_vq_get_buf(&b->vq, &used), 1);
	assert_int_equal(used.len, LEN / 2);
	came_back(b, used.token);
	tear_down(b);
}

static uint64_t clock_now(void *ctx)
{
	struct bench *b = ctx;

	return b->now;
}

static void clock_relax(void *ctx)
{
	struct bench *b = ctx;

	b->now += 10;
}

static void no_answer(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct bench *b = set_up(formats[i]);
		struct vdma_clock clock = { clock_now, clock_relax, b };
		struct vdma_vq_used used;

		add(b);
		vdma_vq_kick(&b->vq);
		assert_int_equal(vdma_vq_wait(&b->vq, &used, &clock, 1000),
				 VDMA_E_TIMEOUT);
		assert_true(b->now >= 1000 && b->now < 1100);
		/* and when it does answer, it is too late */
		dev_fetch(&b->d);
		dev_complete(&b->d, 0, 1, 0);
		expect_broken(b, VDMA_E_TIMEOUT);
		tear_down(b);
	}
}

/* An answer that is there when time is up counts. */
static void answer_at_the_last_moment(void **state)
{
	struct bench *b = set_up(0);
	struct vdma_clock clock = { clock_now, clock_relax, b };
	struct vdma_vq_used used;

	(void)state;
	add(b);
	vdma_vq_kick(&b->vq);
	dev_fetch(&b->d);
	dev_complete(&b->d, 0, 1, 7);
	assert_int_equal(vdma_vq_wait(&b->vq, &used, &clock, 0), VDMA_OK);
	assert_int_equal(used.len, 7);
	came_back(b, used.token);
	tear_down(b);
}

/* A mapping that can't be removed: the buffer stays, the ring is broken. */
static void unmap_that_fails(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (n = 1; n <= 2; n++) {
			struct bench *b = set_up(formats[i]);
			struct vdma_vq_used used;

			add(b);
			vdma_vq_kick(&b->vq);
			dev_fetch(&b->d);
			dev_complete(&b->d, 0, 1, 0);
			b->m->fail_unmap = n;
			assert_int_equal(vdma_vq_get_buf(&b->vq, &used),
					 VDMA_E_TCE);
			expect_broken(b, VDMA_E_TCE);
			tear_down(b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_lie),
		cmocka_unit_test(index_that_jumps),
		cmocka_unit_test(batch_behind_the_index),
		cmocka_unit_test(used_out_of_nothing),
		cmocka_unit_test(length_without_meaning),
		cmocka_unit_test(length_without_flag),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(answer_at_the_last_moment),
		cmocka_unit_test(unmap_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
