/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A pool in the VM of bounce_model.h. */
#ifndef BOUNCE_BENCH_H
#define BOUNCE_BENCH_H

#include "bounce_model.h"

#define DMA_OUT		VDMA_TO_DEVICE
#define DMA_IN		VDMA_FROM_DEVICE
#define DMA_BOTH	VDMA_BIDIRECTIONAL

struct bench {
	struct vm *vm;
	struct vdma_bounce b;
	void *private_mem;
};

static inline struct vdma_bounce_config bench_config(struct vm *vm,
						     uint64_t size)
{
	return (struct vdma_bounce_config){
		.memory = &vm->secure.memory, .parent = &vm->reach, .size = size,
		.clear_unwritten = vdma_secure_on(&vm->secure),
		.cpus = 1,
		.linear = (uintptr_t)vm->memory - VM_PHYS,
		.secret = { 0x0123456789abcdefull, 0xfedcba9876543210ull },
	};
}

static inline void *bench_private(const struct vdma_bounce_config *config)
{
	size_t size = vdma_bounce_private_size(config);
	void *mem = aligned_alloc(128, (size + 127) & ~(size_t)127);

	assert_true(size);
	assert_non_null(mem);
	/* the library makes no assumption about what is in it */
	memset(mem, 0xa5, size);
	return mem;
}

static inline struct bench *set_up_vm(bool secure, bool direct, uint64_t size)
{
	struct bench *t = calloc(1, sizeof(*t));
	struct vdma_bounce_config config;

	assert_non_null(t);
	t->vm = vm_new(secure, direct);
	config = bench_config(t->vm, size);
	t->private_mem = bench_private(&config);
	assert_int_equal(vdma_bounce_init(&t->b, &config, t->private_mem),
			 VDMA_OK);
	assert_int_equal(vm_shared(t->vm), secure ? size >> 16 : 0);
	assert_int_equal(t->vm->reach_maps, 1);
	return t;
}

static inline struct bench *set_up_as(bool direct, uint64_t size)
{
	return set_up_vm(true, direct, size);
}

static inline struct bench *set_up(void)
{
	return set_up_as(false, VDMA_BOUNCE_SIZE);
}

/* One ultracall to share the pool, one to take it back; none between. */
static inline void tear_down(struct bench *t)
{
	bool secure = vdma_secure_on(&t->vm->secure);

	assert_int_equal(vdma_bounce_fini(&t->b), VDMA_OK);
	assert_int_equal(vm_counts(t->vm).ultracalls, secure ? 2 : 0);
	assert_int_equal(t->vm->reach_maps, 1);
	assert_int_equal(t->vm->reach_len, 0);
	vm_free(t->vm, 0);
	free(t->private_mem);
	free(t);
}

static inline unsigned char *buffer(struct bench *t, uint64_t offset)
{
	return t->vm->memory + offset;
}

static inline int map(struct bench *t, uint64_t offset, uint64_t len,
		      enum vdma_dir dir, uint64_t *dma)
{
	return vdma_domain_map(&t->b.domain, VM_PHYS + offset, len, dir, dma);
}

static inline int unmap(struct bench *t, uint64_t dma, uint64_t len,
			enum vdma_dir dir)
{
	return vdma_domain_unmap(&t->b.domain, dma, len, dir);
}

static inline bool all_are(const unsigned char *p, uint64_t len, int value)
{
	while (len--)
		if (*p++ != value)
			return false;
	return true;
}

#endif /* BOUNCE_BENCH_H */
