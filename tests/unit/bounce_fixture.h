/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A pool in the VM of bounce_model.h */
#ifndef BOUNCE_FIXTURE_H
#define BOUNCE_FIXTURE_H

#include "bounce_model.h"

#define DMA_OUT		VDMA_TO_DEVICE
#define DMA_IN		VDMA_FROM_DEVICE
#define DMA_BOTH	VDMA_BIDIRECTIONAL

struct fixture {
	struct vm *vm;
	struct vdma_bounce b;
	void *private_mem;
};

static inline struct vdma_bounce_config pool_config(struct vm *vm,
						    uint64_t size)
{
	return (struct vdma_bounce_config){
		.memory = &vm->secure.memory, .parent = &vm->parent, .size = size,
		.clear_unwritten = vdma_secure_on(&vm->secure),
		.cpus = 1,
		.linear = (uintptr_t)vm->memory - VM_PHYS,
		.secret = { 0x0123456789abcdefull, 0xfedcba9876543210ull },
	};
}

static inline void *pool_private(const struct vdma_bounce_config *config)
{
	size_t size = vdma_bounce_private_size(config);
	void *mem = aligned_alloc(128, (size + 127) & ~(size_t)127);

	assert_true(size);
	assert_non_null(mem);
	/* the library must not rely on its content */
	memset(mem, 0xa5, size);
	return mem;
}

static inline struct fixture *set_up_vm(bool secure, bool direct, uint64_t size)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vdma_bounce_config config;

	assert_non_null(f);
	f->vm = vm_new(secure, direct);
	config = pool_config(f->vm, size);
	f->private_mem = pool_private(&config);
	assert_int_equal(vdma_bounce_init(&f->b, &config, f->private_mem),
			 VDMA_OK);
	assert_int_equal(vm_shared(f->vm), secure ? size >> 16 : 0);
	assert_int_equal(f->vm->parent_maps, 1);
	return f;
}

static inline struct fixture *set_up_as(bool direct, uint64_t size)
{
	return set_up_vm(true, direct, size);
}

static inline struct fixture *set_up(void)
{
	return set_up_as(false, VDMA_BOUNCE_SIZE);
}

/* Checks that only sharing and unsharing the pool took an ultracall each. */
static inline void tear_down(struct fixture *f)
{
	bool secure = vdma_secure_on(&f->vm->secure);

	assert_int_equal(vdma_bounce_fini(&f->b), VDMA_OK);
	assert_int_equal(vm_counts(f->vm).ultracalls, secure ? 2 : 0);
	assert_int_equal(f->vm->parent_maps, 1);
	assert_int_equal(f->vm->pool_len, 0);
	vm_free(f->vm, 0);
	free(f->private_mem);
	free(f);
}

static inline unsigned char *buffer(struct fixture *f, uint64_t offset)
{
	return f->vm->memory + offset;
}

static inline int map(struct fixture *f, uint64_t offset, uint64_t len,
		      enum vdma_dir dir, uint64_t *dma)
{
	return vdma_domain_map(&f->b.domain, VM_PHYS + offset, len, dir, dma);
}

static inline int unmap(struct fixture *f, uint64_t dma, uint64_t len,
			enum vdma_dir dir)
{
	return vdma_domain_unmap(&f->b.domain, dma, len, dir);
}

static inline bool all_are(const unsigned char *p, uint64_t len, int value)
{
	while (len--)
		if (*p++ != value)
			return false;
	return true;
}

#endif /* BOUNCE_FIXTURE_H */
