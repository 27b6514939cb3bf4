// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Shares memory with the hypervisor, each page exactly once, and takes it back exactly
 * once. docs/abi/ultravisor.md is the reference.
 */
#include <vdma/error.h>
#include <vdma/secure.h>

/* Power ISA 3.0C, III 3.2.1: bit 41, Secure */
#define MSR_S		((uint64_t)1 << (63 - 41))

bool vdma_msr_secure(uint64_t msr)
{
	return msr & MSR_S;
}

/* Memory and ultracalls ----------------------------------------------------- */

static uint64_t secure_nr_pages(const struct vdma_memory *mem)
{
	return mem->len >> VDMA_UV_PAGE_SHIFT;
}

static bool secure_whole_pages(const struct vdma_memory *mem)
{
	return !((mem->phys | mem->len) & (VDMA_UV_PAGE_SIZE - 1));
}

static void secure_scrub(const struct vdma_memory *mem)
{
	uint64_t *word = mem->cpu;
	uint64_t i;

	for (i = 0; i < mem->len / sizeof(*word); i++)
		word[i] = 0;
}

static void secure_count_stuck(struct vdma_secure *secure,
			       const struct vdma_memory *mem)
{
	__atomic_fetch_add(&secure->counts.stuck, secure_nr_pages(mem),
			   __ATOMIC_RELAXED);
}

static int64_t secure_ultracall(struct vdma_secure *secure, uint64_t opcode,
				const struct vdma_memory *mem)
{
	struct vdma_hcall call = {
		.opcode = opcode,
		.in = { mem->phys >> VDMA_UV_PAGE_SHIFT, secure_nr_pages(mem) },
	};

	if (!secure->ultravisor)
		return VDMA_U_SUCCESS;
	__atomic_fetch_add(&secure->counts.ultracalls, 1, __ATOMIC_RELAXED);
	return secure->ultravisor->hcall(secure->ultravisor->ctx, &call);
}

static int secure_share(struct vdma_secure *secure,
			const struct vdma_memory *mem)
{
	switch (secure_ultracall(secure, VDMA_UV_SHARE_PAGE, mem)) {
	case VDMA_U_SUCCESS:
		return VDMA_OK;
	case VDMA_U_FUNCTION:
		return VDMA_E_UNSUPPORTED;
	case VDMA_U_INVALID:
		return VDMA_E_NOT_SECURE;
	}
	/*
	 * The specification does not say that a failed call has shared nothing. Unsharing a
	 * private page is not an error.
	 */
	if (secure_ultracall(secure, VDMA_UV_UNSHARE_PAGE, mem) !=
	    VDMA_U_SUCCESS)
		return VDMA_E_SHARE_STUCK;
	return VDMA_E_SHARE;
}

static int secure_unshare(struct vdma_secure *secure,
			  const struct vdma_memory *mem)
{
	secure_scrub(mem);
	if (secure_ultracall(secure, VDMA_UV_UNSHARE_PAGE, mem) !=
	    VDMA_U_SUCCESS) {
		secure_count_stuck(secure, mem);
		return VDMA_E_SHARE_STUCK;
	}
	__atomic_fetch_add(&secure->counts.unshares, 1, __ATOMIC_RELAXED);
	secure->pages->put(secure->pages->ctx, mem);
	return VDMA_OK;
}

/* The list of shared memory ------------------------------------------------- */

static void secure_list_add(struct vdma_secure *secure,
			    struct vdma_shared_mem *shared)
{
	vdma_lock_acquire(secure->lock);
	shared->prev = NULL;
	shared->next = secure->first;
	if (shared->next)
		shared->next->prev = shared;
	secure->first = shared;
	secure->counts.shared += secure_nr_pages(&shared->mem);
	secure->counts.shares++;
	vdma_lock_release(secure->lock);
}

/* Only one caller gets the memory; the others get a length of 0. */
static struct vdma_memory secure_list_del(struct vdma_secure *secure,
					  struct vdma_shared_mem *shared)
{
	struct vdma_memory mem;

	vdma_lock_acquire(secure->lock);
	mem = shared->mem;
	if (mem.len) {
		if (shared->prev)
			shared->prev->next = shared->next;
		else
			secure->first = shared->next;
		if (shared->next)
			shared->next->prev = shared->prev;
		secure->counts.shared -= secure_nr_pages(&mem);
	}
	*shared = (struct vdma_shared_mem){ .next = NULL };
	vdma_lock_release(secure->lock);
	return mem;
}

/* Allocating and freeing ---------------------------------------------------- */

int vdma_shared_alloc(struct vdma_secure *secure, uint64_t len,
		      struct vdma_shared_mem *shared)
{
	const struct vdma_pages *pages = secure->pages;
	struct vdma_memory mem = { .len = 0 };
	int error;

	*shared = (struct vdma_shared_mem){ .next = NULL };
	len = (len + VDMA_UV_PAGE_SIZE - 1) & ~(VDMA_UV_PAGE_SIZE - 1);
	if (!len)
		return VDMA_E_INVALID;
	error = pages->get(pages->ctx, len, &mem);
	if (error)
		return error;
	error = secure_whole_pages(&mem) ? secure_share(secure, &mem)
					 : VDMA_E_INVALID;
	if (error == VDMA_E_SHARE_STUCK) {
		secure_count_stuck(secure, &mem);
	} else if (error) {
		pages->put(pages->ctx, &mem);
	} else {
		shared->mem = mem;
		secure_list_add(secure, shared);
	}
	return error;
}

int vdma_shared_free(struct vdma_secure *secure, struct vdma_shared_mem *shared)
{
	struct vdma_memory mem = secure_list_del(secure, shared);

	return mem.len ? secure_unshare(secure, &mem) : VDMA_OK;
}

void vdma_shared_leak(struct vdma_secure *secure,
		      struct vdma_shared_mem *shared)
{
	struct vdma_memory mem = secure_list_del(secure, shared);

	if (!mem.len)
		return;
	secure_scrub(&mem);
	secure_count_stuck(secure, &mem);
}

static int secure_op_alloc(void *ctx, uint64_t len,
			   struct vdma_shared_mem *shared)
{
	return vdma_shared_alloc(ctx, len, shared);
}

static int secure_op_free(void *ctx, struct vdma_shared_mem *shared)
{
	return vdma_shared_free(ctx, shared);
}

static void secure_op_leak(void *ctx, struct vdma_shared_mem *shared)
{
	vdma_shared_leak(ctx, shared);
}

void vdma_secure_init(struct vdma_secure *secure,
		      const struct vdma_hv_ops *ultravisor,
		      const struct vdma_pages *pages,
		      const struct vdma_lock *lock)
{
	*secure = (struct vdma_secure){
		.ultravisor = ultravisor, .pages = pages, .lock = lock,
		.memory = {
			.alloc = secure_op_alloc,
			.free = secure_op_free,
			.leak = secure_op_leak,
			.ctx = secure,
		},
	};
}

/* @shared and @shares change under the lock, the others by atomic operations. */
void vdma_secure_count(struct vdma_secure *secure,
		       struct vdma_secure_counts *counts)
{
	const struct vdma_secure_counts *c = &secure->counts;

	vdma_lock_acquire(secure->lock);
	counts->shared = c->shared;
	counts->shares = c->shares;
	vdma_lock_release(secure->lock);
	counts->unshares = __atomic_load_n(&c->unshares, __ATOMIC_RELAXED);
	counts->stuck = __atomic_load_n(&c->stuck, __ATOMIC_RELAXED);
	counts->ultracalls = __atomic_load_n(&c->ultracalls, __ATOMIC_RELAXED);
}

unsigned int vdma_secure_end(struct vdma_secure *secure)
{
	unsigned int forgotten = 0;

	while (secure->first) {
		vdma_shared_free(secure, secure->first);
		forgotten++;
	}
	return forgotten;
}
