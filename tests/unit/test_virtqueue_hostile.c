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

#include "hostile_fixture.h"

/* The ring says what is wrong, goes on saying so, and does nothing else. */
static void expect_broken(struct fixture *f, int error)
{
	unsigned int live = f->m->live, notified = f->d.notified;
	struct vdma_vq_used used;

	assert_int_equal(vdma_vq_get_buf(&f->vq, &used), error);
	assert_int_equal(vdma_vq_get_buf(&f->vq, &used), error);
	assert_int_equal(add(f), error);
	assert_int_equal(vdma_vq_kick(&f->vq), error);
	assert_int_equal(f->vq.error, error);
	assert_int_equal(f->m->live, live);
	assert_int_equal(f->d.notified, notified);
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
	struct fixture *f = set_up(features);
	struct vdma_vq_used used;
	uint16_t id[4];
	unsigned int i;

	/* one returned, two shown, one added */
	for (i = 0; i < 3; i++)
		assert_int_equal(add(f), VDMA_OK);
	vdma_vq_kick(&f->vq);
	for (i = 0; i < 3; i++)
		id[i] = dev_fetch(&f->d)->id;
	dev_complete(&f->d, 0, 1, 5);
	assert_int_equal(vdma_vq_get_buf(&f->vq, &used), 1);
	assert_int_equal(used.len, 5);
	came_back(f, used.token);
	id[3] = f->vq.free_head;
	/* the next takes the place of the one that came back: take it away */
	if (lie->about == ADDED)
		assert_int_equal(add(f), VDMA_OK);
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
	dev_write_used(&f->d, i, lie->len, true, 1, 1);
	expect_broken(f, lie->error);
	tear_down(f);
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
			struct fixture *f = set_up(order ? VDMA_F_IN_ORDER : 0);

			add(f);
			add(f);
			vdma_vq_kick(&f->vq);
			put_le(&f->d, f->d.device + 2, 2, jumps[i]);
			expect_broken(f, VDMA_E_USED_INDEX);
			tear_down(f);
		}
	}
}

/* A batch's last buffer lies behind the index that is to announce it. */
static void batch_behind_the_index(void **state)
{
	struct fixture *f = set_up(VDMA_F_IN_ORDER);
	struct dev_buf *second;

	(void)state;
	add(f);
	add(f);
	vdma_vq_kick(&f->vq);
	dev_fetch(&f->d);
	second = dev_fetch(&f->d);
	dev_write_used(&f->d, second->id, 0, true, 1, 2);
	expect_broken(f, VDMA_E_USED_INDEX);
	tear_down(f);
}

/* A packed ring without a buffer in it can't have a used one. */
static void used_out_of_nothing(void **state)
{
	struct fixture *f = set_up(VDMA_F_RING_PACKED);

	(void)state;
	dev_write_used(&f->d, 0, 0, false, 1, 1);
	expect_broken(f, VDMA_E_USED_FREE);
	tear_down(f);
}

/* 2.8.13: a packed ring's length says nothing where nothing can be written. */
static void length_without_meaning(void **state)
{
	struct fixture *f = set_up(VDMA_F_RING_PACKED);
	struct vdma_sg sg = { f->data.phys, LEN, false };
	struct vdma_vq_used used;

	(void)state;
	assert_int_equal(vdma_vq_add(&f->vq, &sg, 1, 0, f), VDMA_OK);
	vdma_vq_kick(&f->vq);
	dev_write_used(&f->d, 0, 0xffffffff, false, 1, 1);
	assert_int_equal(vdma_vq_get_buf(&f->vq, &used), 1);
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
	vdma_vq_kick(&f->vq);
	dev_write_used(&f->d, 0, LEN / 2, false, 1, 2);
	assert_int_equal(vdma_vq_get_buf(&f->vq, &used), 1);
	assert_int_equal(used.len, LEN / 2);
	came_back(f, used.token);
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

static void no_answer(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct fixture *f = set_up(formats[i]);
		struct vdma_clock clock = { clock_now, clock_relax, f };
		struct vdma_vq_used used;

		add(f);
		vdma_vq_kick(&f->vq);
		assert_int_equal(vdma_vq_wait(&f->vq, &used, &clock, 1000),
				 VDMA_E_TIMEOUT);
		assert_true(f->now >= 1000 && f->now < 1100);
		/* and when it does answer, it is too late */
		dev_fetch(&f->d);
		dev_complete(&f->d, 0, 1, 0);
		expect_broken(f, VDMA_E_TIMEOUT);
		tear_down(f);
	}
}

/* An answer that is there when time is up counts. */
static void answer_at_the_last_moment(void **state)
{
	struct fixture *f = set_up(0);
	struct vdma_clock clock = { clock_now, clock_relax, f };
	struct vdma_vq_used used;

	(void)state;
	add(f);
	vdma_vq_kick(&f->vq);
	dev_fetch(&f->d);
	dev_complete(&f->d, 0, 1, 7);
	assert_int_equal(vdma_vq_wait(&f->vq, &used, &clock, 0), VDMA_OK);
	assert_int_equal(used.len, 7);
	came_back(f, used.token);
	tear_down(f);
}

/* A mapping that can't be removed: the buffer stays, the ring is broken. */
static void unmap_that_fails(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (n = 1; n <= 2; n++) {
			struct fixture *f = set_up(formats[i]);
			struct vdma_vq_used used;

			add(f);
			vdma_vq_kick(&f->vq);
			dev_fetch(&f->d);
			dev_complete(&f->d, 0, 1, 0);
			f->m->fail_unmap = n;
			assert_int_equal(vdma_vq_get_buf(&f->vq, &used),
					 VDMA_E_TCE);
			expect_broken(f, VDMA_E_TCE);
			tear_down(f);
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
