/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A virtqueue, the reference device at its other end, and memory for buffers
 */
#ifndef RING_FIXTURE_H
#define RING_FIXTURE_H

#include "vq_model.h"

struct ring {
	struct model *m;
	struct vdma_vq vq;
	struct dev d;
	void *private_mem;
	struct vdma_memory data;
};

/* Sets up a ring of @num entries and @bytes for buffers. */
static inline void ring_set_up(struct ring *r, uint64_t features, uint16_t num,
			       uint16_t indirect_max, uint64_t bytes)
{
	struct vdma_vq_config config = {
		.num = num, .indirect_max = indirect_max, .features = features,
		.notify = dev_notify, .ctx = &r->d,
	};

	r->m = model_new();
	assert_int_equal(r->m->pages.get(r->m, bytes, &r->data), VDMA_OK);
	r->private_mem = malloc(vdma_vq_private_size(&config));
	assert_int_equal(vdma_vq_init(&r->vq, &r->m->domain, &config, r->private_mem),
			 VDMA_OK);
	dev_init(&r->d, r->m, &r->vq);
}

/* Frees a ring from which all buffers are detached; nothing stays mapped. */
static inline void ring_tear_down(struct ring *r)
{
	vdma_vq_fini(&r->vq);
	assert_int_equal(r->m->live, 0);
	r->m->pages.put(r->m, &r->data);
	model_free(r->m);
	free(r->private_mem);
}

#endif /* RING_FIXTURE_H */
