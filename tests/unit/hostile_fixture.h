/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A small ring whose device is about to break the rules.
 */
#ifndef HOSTILE_FIXTURE_H
#define HOSTILE_FIXTURE_H

#include "ring_fixture.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NUM		8
#define LEN		64

static const uint64_t formats[] = {
	0,
	VDMA_F_EVENT_IDX | VDMA_F_INDIRECT_DESC,
	VDMA_F_RING_PACKED,
	VDMA_F_RING_PACKED | VDMA_F_EVENT_IDX | VDMA_F_INDIRECT_DESC,
	VDMA_F_IN_ORDER,
	VDMA_F_IN_ORDER | VDMA_F_RING_PACKED,
};

struct fixture {
	struct ring r;
	uint64_t now;
	bool in_flight[NUM];
	unsigned int added, completed;
};

static inline struct fixture *set_up(uint64_t features)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	ring_set_up(&f->r, features, NUM, 4, NUM * LEN);
	return f;
}

/* Adds a buffer of two segments; the device writes the second. */
static inline int add(struct fixture *f)
{
	struct vdma_sg sg[2];
	unsigned int i;
	int error;

	for (i = 0; i < NUM && f->in_flight[i]; i++)
		;
	if (i == NUM)
		return VDMA_E_FULL;
	sg[0] = (struct vdma_sg){ f->r.data.phys + i * LEN, LEN / 2, false };
	sg[1] = (struct vdma_sg){ sg[0].addr + LEN / 2, LEN / 2, false };
	error = vdma_vq_add(&f->r.vq, sg, 1, 1, &f->in_flight[i]);
	if (!error) {
		f->in_flight[i] = true;
		f->added++;
	}
	return error;
}

static inline void complete(struct fixture *f, void *token)
{
	bool *in_flight = token;

	assert_true(in_flight >= f->in_flight);
	assert_true(in_flight < f->in_flight + NUM);
	assert_true(*in_flight);
	*in_flight = false;
	f->completed++;
}

/* Detaches all buffers, as a driver does after a reset; each comes back once. */
static inline void detach_all(struct fixture *f)
{
	void *token;

	dev_drop(&f->r.d);
	while ((token = vdma_vq_detach_unused_buf(&f->r.vq)))
		complete(f, token);
	assert_int_equal(f->added, f->completed);
}

static inline void tear_down(struct fixture *f)
{
	detach_all(f);
	ring_tear_down(&f->r);
	free(f);
}

#endif /* HOSTILE_FIXTURE_H */
