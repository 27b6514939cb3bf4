/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A secure VM for unit tests: its memory, an ultravisor that is strict about
 * docs/abi/ultravisor.md and can fail at any page, and a domain through which the device
 * reaches the pool. A device that accesses private memory fails the test.
 */
#ifndef BOUNCE_MODEL_H
#define BOUNCE_MODEL_H

#include <stdlib.h>
#include <string.h>

#include <vdma/bounce.h>
#include <vdma/error.h>
#include <vdma/secure.h>
#include <dma/container_of.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KIB		1024ull
#define MIB		(1024 * KIB)

#define VM_PHYS		0x240000000ull
#define VM_SIZE		(32 * MIB)
#define VM_PAGES	(VM_SIZE >> 16)
/* Buffers lie below this offset, the VM's free memory above */
#define VM_FREE		(16 * MIB)
#define VM_DMA		0x800000000100000ull

struct vm {
	unsigned char *memory;
	bool shared[VM_PAGES];
	bool given[VM_PAGES];
	unsigned int pages_out;
	struct vdma_hv_ops uv;
	struct vdma_pages pages;
	struct vdma_secure secure;
	struct vdma_lock lock;
	bool locked;
	/* fail at the n-th page from now; 0: never */
	unsigned int fail_share, fail_unshare;
	/* or answer this to every call */
	int64_t status;
	/* get returns unaligned memory, or fails */
	bool bad_memory, no_memory;

	/* how the device reaches the pool: VM_DMA is @pool_phys */
	struct vdma_domain parent;
	uint64_t pool_phys, pool_len;
	unsigned int parent_maps;
	int fail_map, fail_unmap;
	bool direct;
	uint64_t random;
};

static inline uint64_t vm_random(struct vm *vm)
{
	/* xorshift64*, Vigna */
	vm->random ^= vm->random >> 12;
	vm->random ^= vm->random << 25;
	vm->random ^= vm->random >> 27;
	return vm->random * 0x2545f4914f6cdd1dull;
}

static inline uint32_t vm_pick(struct vm *vm, uint32_t below)
{
	return (uint32_t)((vm_random(vm) >> 32) % below);
}

static inline void *vm_at(struct vm *vm, uint64_t phys)
{
	assert_true(phys - VM_PHYS < VM_SIZE);
	return vm->memory + (phys - VM_PHYS);
}

static inline bool vm_zero(struct vm *vm, uint64_t page)
{
	const uint64_t *word = (uint64_t *)(vm->memory + (page << 16));
	unsigned int i;

	for (i = 0; i < 8192; i++)
		if (word[i])
			return false;
	return true;
}

static inline int64_t vm_set(struct vm *vm, uint64_t page, bool shared)
{
	unsigned int *fail = shared ? &vm->fail_share : &vm->fail_unshare;

	if (*fail && !--*fail)
		return -4;
	/* no page is shared twice, and only pages that get has returned */
	assert_true(!shared || !vm->shared[page]);
	assert_true(vm->given[page]);
	/* a page is zero when it is unshared */
	assert_true(shared || !vm->shared[page] || vm_zero(vm, page));
	vm->shared[page] = shared;
	memset(vm->memory + (page << 16), 0, 1 << 16);
	return 0;
}

static inline int64_t vm_ultracall(void *ctx, struct vdma_hcall *h)
{
	struct vm *vm = ctx;
	uint64_t page = h->in[0] - (VM_PHYS >> 16), i;

	/* a call may take long, so the lock is not held */
	assert_false(vm->locked);
	if (vm->status)
		return vm->status;
	assert_true(h->opcode == 0xf130 || h->opcode == 0xf134);
	assert_true(page < VM_PAGES && h->in[1] && h->in[1] <= VM_PAGES - page);
	for (i = 0; i < h->in[1]; i++)
		if (vm_set(vm, page + i, h->opcode == 0xf130))
			return -4;
	return 0;
}

static inline void vm_acquire(void *ctx)
{
	struct vm *vm = ctx;

	assert_false(vm->locked);
	vm->locked = true;
}

static inline void vm_release(void *ctx)
{
	struct vm *vm = ctx;

	assert_true(vm->locked);
	vm->locked = false;
}

static inline int vm_get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	struct vm *vm = ctx;
	uint64_t n = len >> 16, first, run = 0, i;

	assert_int_equal(len & 0xffff, 0);
	for (first = VM_FREE >> 16; first + run < VM_PAGES && run < n; ) {
		if (vm->given[first + run]) {
			first += run + 1;
			run = 0;
		} else {
			run++;
		}
	}
	if (run < n || vm->no_memory)
		return VDMA_E_NO_MEMORY;
	for (i = first; i < first + n; i++)
		vm->given[i] = true;
	vm->pages_out += (unsigned int)n;
	mem->phys = VM_PHYS + (first << 16) + (vm->bad_memory ? 4096 : 0);
	mem->cpu = vm->memory + (first << 16);
	mem->len = len;
	return VDMA_OK;
}

static inline void vm_put(void *ctx, const struct vdma_memory *mem)
{
	struct vm *vm = ctx;
	uint64_t page = (mem->phys - VM_PHYS) >> 16, i;

	for (i = page; i < page + (mem->len >> 16); i++) {
		/* a page that is put was returned by get, and is private */
		assert_true(vm->given[i]);
		assert_false(vm->shared[i]);
		vm->given[i] = false;
		vm->pages_out--;
	}
}

static inline int vm_map(struct vdma_domain *domain, uint64_t phys,
			 uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	struct vm *vm = container_of(domain, struct vm, parent);

	assert_int_equal(dir, VDMA_BIDIRECTIONAL);
	assert_int_equal(vm->pool_len, 0);
	if (vm->fail_map)
		return vm->fail_map;
	vm->parent_maps++;
	vm->pool_phys = phys;
	vm->pool_len = len;
	*dma = vm->direct ? phys : VM_DMA;
	return VDMA_OK;
}

static inline int vm_unmap(struct vdma_domain *domain, uint64_t dma,
			   uint64_t len, enum vdma_dir dir)
{
	struct vm *vm = container_of(domain, struct vm, parent);

	assert_true(dma == (vm->direct ? vm->pool_phys : VM_DMA));
	assert_int_equal(len, vm->pool_len);
	assert_int_equal(dir, VDMA_BIDIRECTIONAL);
	if (vm->fail_unmap)
		return vm->fail_unmap;
	vm->pool_len = 0;
	return VDMA_OK;
}

static inline bool vm_reached(const struct vm *vm, uint64_t at)
{
	return vm->shared[at >> 16] || !vdma_secure_on(&vm->secure);
}

/* CPU address of @dma, which must be in the pool, and shared if the VM is secure */
static inline unsigned char *vm_device(struct vm *vm, uint64_t dma,
				       uint64_t len)
{
	uint64_t offset = dma - (vm->direct ? vm->pool_phys : VM_DMA);
	uint64_t at = vm->pool_phys + offset - VM_PHYS;

	assert_true(len && offset < vm->pool_len &&
		    len <= vm->pool_len - offset);
	assert_true(vm_reached(vm, at) && vm_reached(vm, at + len - 1));
	return vm->memory + at;
}

static inline struct vm *vm_new(bool secure, bool direct)
{
	static const struct vdma_domain_ops ops = {
		.map = vm_map, .unmap = vm_unmap,
	};
	struct vm *vm = calloc(1, sizeof(*vm));

	assert_non_null(vm);
	vm->memory = aligned_alloc(1 << 16, VM_SIZE);
	assert_non_null(vm->memory);
	memset(vm->memory, 0, VM_SIZE);
	vm->uv = (struct vdma_hv_ops){ vm_ultracall, vm };
	vm->pages = (struct vdma_pages){ vm_get, vm_put, vm };
	vm->parent = (struct vdma_domain){ .ops = &ops, .max_len = ~0ull };
	vm->direct = direct;
	vm->random = 0x5eedb0cce5ull;
	vm->lock = (struct vdma_lock){ vm_acquire, vm_release, vm };
	vdma_secure_init(&vm->secure, secure ? &vm->uv : NULL, &vm->pages,
			 &vm->lock);
	return vm;
}

static inline unsigned int vm_shared(const struct vm *vm)
{
	unsigned int i, n = 0;

	for (i = 0; i < VM_PAGES; i++)
		n += vm->shared[i];
	return n;
}

static inline struct vdma_secure_counts vm_counts(struct vm *vm)
{
	struct vdma_secure_counts counts;

	vdma_secure_count(&vm->secure, &counts);
	return counts;
}

/* Checks that all memory was put, except for @stuck pages that are leaked. */
static inline void vm_free(struct vm *vm, unsigned int stuck)
{
	assert_int_equal(vdma_secure_end(&vm->secure), 0);
	assert_int_equal(vm_counts(vm).shared, 0);
	assert_int_equal(vm_counts(vm).stuck, stuck);
	assert_int_equal(vm->pages_out, stuck);
	free(vm->memory);
	free(vm);
}

#endif /* BOUNCE_MODEL_H */
