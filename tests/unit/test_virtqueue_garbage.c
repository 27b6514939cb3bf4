// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: a device that writes anything anywhere into its ring, at any time, corrupts
 * only that ring, and each buffer is returned once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hostile_fixture.h"

#define SEED		0xbad0de71ceull
#define ROUNDS		300000

static void write_garbage(struct fixture *f, uint64_t *random)
{
	unsigned char *ring = f->r.vq.ring.cpu;
	unsigned int n = model_random(random) >> 60;
	size_t size = f->r.vq.device_dma - f->r.vq.desc_dma + 4 + 8 * NUM + 2;

	while (n--)
		ring[(model_random(random) >> 20) % size] =
			(unsigned char)(model_random(random) >> 56);
}

/* Plausible numbers get further than noise. */
static void write_plausible(struct fixture *f, uint64_t *random)
{
	uint64_t r = model_random(random) >> 32;

	dev_write_used(&f->r.d, r & 7, r >> 3 & 31, r & 0x100, 1 + (r >> 9 & 1),
		       r & 0x400 || !(r & 0x7000) ? 1 : 2);
}

static unsigned int garbage_round(struct fixture *f, uint64_t *random)
{
	unsigned int step, good = 0;

	for (step = 0; step < 100 && !f->r.vq.error; step++) {
		struct vdma_vq_used used;
		unsigned int what = model_random(random) >> 61;

		if (what < 3)
			add(f);
		else if (what == 3)
			vdma_vq_kick(&f->r.vq);
		else if (what == 4)
			write_plausible(f, random);
		else if (what == 5 && !(model_random(random) >> 62))
			write_garbage(f, random);
		else if (what == 6)
			vdma_vq_enable_cb(&f->r.vq);
		while (vdma_vq_get_buf(&f->r.vq, &used) == 1) {
			assert_true(used.len <= LEN / 2);
			complete(f, used.token);
			good++;
		}
	}
	return good;
}

/* Random operations on garbage: the sanitizers find no error, no buffer is lost. */
static void garbage(void **state)
{
	uint64_t random = SEED;
	unsigned int i, round, good = 0;

	(void)state;
	print_message("  seed %llx, %u rounds\n", SEED, ROUNDS);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		struct fixture *f = set_up(formats[i]);

		for (round = 0; round < ROUNDS / ARRAY_SIZE(formats); round++) {
			good += garbage_round(f, &random);
			detach_all(f);
			vdma_vq_restart(&f->r.vq);
			dev_init(&f->r.d, f->r.m, &f->r.vq);
		}
		tear_down(f);
	}
	/* noise alone would be detected at once and prove little */
	print_message("  %u plausible elements were accepted, as they may be\n", good);
	assert_true(good > ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
