/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A small ring whose device is about to break the rules.
 */
#ifndef HOSTILE_FIXTURE_H
#define HOSTILE_FIXTURE_H

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

struct fixture {
	struct model *m;
	struct vdma_vq vq;
	struct dev d;
	void *private_mem;
	struct vdma_memory data;
	uint64_t now;
	bool in_flight[NUM];
	unsigned int added, completed;
};

static inline struct fixture *set_up(uint64_t features)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vdma_vq_config config = {
		.num = NUM, .indirect_max = 4, .features = features,
		.notify = dev_notify,
	};

	assert_non_null(f);
	config.ctx = &f->d;
	f->m = model_new();
	assert_int_equal(f->m->pages.get(f->m, NUM * LEN, &f->data), VDMA_OK);
	f->private_mem = malloc(vdma_vq_private_size(&config));
	assert_int_equal(vdma_vq_init(&f->vq, &f->m->domain, &config,
				      f->private_mem), VDMA_OK);
	dev_init(&f->d, f->m, &f->vq);
	return f;
}

/* Adds a buffer of two segments, the second of which the device writes. */
static inline int add(struct fixture *f)
{
	struct vdma_sg sg[2];
	unsigned int i;
	int error;

	for (i = 0; i < NUM && f->in_flight[i]; i++)
		;
	if (i == NUM)
		return VDMA_E_FULL;
	sg[0] = (struct vdma_sg){ f->data.phys + i * LEN, LEN / 2, false };
	sg[1] = (struct vdma_sg){ sg[0].addr + LEN / 2, LEN / 2, false };
	error = vdma_vq_add(&f->vq, sg, 1, 1, &f->in_flight[i]);
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

	dev_drop(&f->d);
	while ((token = vdma_vq_detach_unused_buf(&f->vq)))
		complete(f, token);
	assert_int_equal(f->added, f->completed);
}

static inline void tear_down(struct fixture *f)
{
	detach_all(f);
	vdma_vq_fini(&f->vq);
	assert_int_equal(f->m->live, 0);
	f->m->pages.put(f->m, &f->data);
	model_free(f->m);
	free(f->private_mem);
	free(f);
}

#endif /* HOSTILE_FIXTURE_H */
