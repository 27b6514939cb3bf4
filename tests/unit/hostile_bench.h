/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A small ring whose device is about to lie, for the tests of what then
 * happens.
 */
#ifndef HOSTILE_BENCH_H
#define HOSTILE_BENCH_H

#include "vq_model.h"

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

struct bench {
	struct model *m;
	struct vdma_vq vq;
	struct dev d;
	void *private_mem;
	struct vdma_memory data;
	uint64_t now;
	bool out_there[NUM];
	unsigned int added, back;
};

static inline struct bench *set_up(uint64_t features)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct vdma_vq_config config = {
		.num = NUM, .indirect_max = 4, .features = features,
		.notify = dev_notify,
	};

	assert_non_null(b);
	config.ctx = &b->d;
	b->m = model_new();
	assert_int_equal(b->m->pages.get(b->m, NUM * LEN, &b->data), VDMA_OK);
	b->private_mem = malloc(vdma_vq_private_size(&config));
	assert_int_equal(vdma_vq_init(&b->vq, &b->m->domain, &config,
				      b->private_mem), VDMA_OK);
	dev_init(&b->d, b->m, &b->vq);
	return b;
}

/* A buffer of two pieces, half of it for the device to write. */
static inline int add(struct bench *b)
{
	struct vdma_sg sg[2];
	unsigned int i;
	int error;

	for (i = 0; i < NUM && b->out_there[i]; i++)
		;
	if (i == NUM)
		return VDMA_E_FULL;
	sg[0] = (struct vdma_sg){ b->data.phys + i * LEN, LEN / 2, false };
	sg[1] = (struct vdma_sg){ sg[0].addr + LEN / 2, LEN / 2, false };
	error = vdma_vq_add(&b->vq, sg, 1, 1, &b->out_there[i]);
	if (!error) {
		b->out_there[i] = true;
		b->added++;
	}
	return error;
}

static inline void came_back(struct bench *b, void *token)
{
	bool *out_there = token;

	assert_true(out_there >= b->out_there);
	assert_true(out_there < b->out_there + NUM);
	assert_true(*out_there);
	*out_there = false;
	b->back++;
}

/* As a driver does after a reset. */
static inline void detach_all(struct bench *b)
{
	void *token;

	dev_drop(&b->d);
	while ((token = vdma_vq_detach_unused_buf(&b->vq)))
		came_back(b, token);
	assert_int_equal(b->added, b->back);
}

static inline void tear_down(struct bench *b)
{
	detach_all(b);
	vdma_vq_fini(&b->vq);
	assert_int_equal(b->m->live, 0);
	b->m->pages.put(b->m, &b->data);
	model_free(b->m);
	free(b->private_mem);
	free(b);
}

#endif /* HOSTILE_BENCH_H */
