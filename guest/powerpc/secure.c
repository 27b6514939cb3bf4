// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Sharing memory with the hypervisor, each page exactly once, and taking it back
 * exactly once. docs/abi/ultravisor.md is the reference.
 */
#include <vdma/error.h>
#include <vdma/secure.h>

/* Power ISA 3.0C, III 3.2.1: Secure is bit 41, counted from the left */
#define MSR_S		((uint64_t)1 << (63 - 41))

bool vdma_msr_secure(uint64_t msr)
{
	return msr & MSR_S;
}

void vdma_secure_init(struct vdma_secure *secure,
		      const struct vdma_gate *ultravisor,
		      const struct vdma_pages *pages,
		      const struct vdma_lock *lock)
{
	*secure = (struct vdma_secure){
		.ultravisor = ultravisor, .pages = pages, .lock = lock,
	};
}

/* What is under the lock, and what is counted without it. */
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

static uint64_t pages_of(const struct vdma_memory *mem)
{
	return mem->len >> VDMA_UV_PAGE_SHIFT;
}

static int64_t ultracall(struct vdma_secure *secure, uint64_t opcode,
			 const struct vdma_memory *mem)
{
	struct vdma_hcall call = {
		.opcode = opcode,
		.in = { mem->phys >> VDMA_UV_PAGE_SHIFT, pages_of(mem) },
	};

	if (!secure->ultravisor)
		return VDMA_U_SUCCESS;
	__atomic_fetch_add(&secure->counts.ultracalls, 1, __ATOMIC_RELAXED);
	return secure->ultravisor->call(secure->ultravisor->ctx, &call);
}

static int share_pages(struct vdma_secure *secure, const struct vdma_memory *mem)
{
	switch (ultracall(secure, VDMA_UV_SHARE_PAGE, mem)) {
	case VDMA_U_SUCCESS:
		return VDMA_OK;
	case VDMA_U_FUNCTION:
		return VDMA_E_UNSUPPORTED;
	case VDMA_U_INVALID:
		return VDMA_E_NOT_SECURE;
	}
	/*
	 * The document does not say that a call which fails has shared nothing.
	 * Unshare of a private page is no error.
	 */
	if (ultracall(secure, VDMA_UV_UNSHARE_PAGE, mem) != VDMA_U_SUCCESS)
		return VDMA_E_SHARE_STUCK;
	return VDMA_E_SHARE;
}

static void add(struct vdma_secure *secure, struct vdma_share *share)
{
	vdma_lock_acquire(secure->lock);
	share->before = NULL;
	share->next = secure->first;
	if (share->next)
		share->next->before = share;
	secure->first = share;
	secure->counts.shared += pages_of(&share->mem);
	secure->counts.shares++;
	vdma_lock_release(secure->lock);
}

/* The memory of a share, which is none from now on; for one caller only. */
static struct vdma_memory take(struct vdma_secure *secure,
			       struct vdma_share *share)
{
	struct vdma_memory mem;

	vdma_lock_acquire(secure->lock);
	mem = share->mem;
	if (mem.len) {
		if (share->before)
			share->before->next = share->next;
		else
			secure->first = share->next;
		if (share->next)
			share->next->before = share->before;
		secure->counts.shared -= pages_of(&mem);
	}
	*share = (struct vdma_share){ .next = NULL };
	vdma_lock_release(secure->lock);
	return mem;
}

static void count_stuck(struct vdma_secure *secure,
			const struct vdma_memory *mem)
{
	__atomic_fetch_add(&secure->counts.stuck, pages_of(mem),
			   __ATOMIC_RELAXED);
}

static bool whole_pages(const struct vdma_memory *mem)
{
	return !((mem->phys | mem->len) & (VDMA_UV_PAGE_SIZE - 1));
}

int vdma_shared_get(struct vdma_secure *secure, uint64_t len,
		    struct vdma_share *share)
{
	const struct vdma_pages *pages = secure->pages;
	struct vdma_memory mem = { .len = 0 };
	int error;

	*share = (struct vdma_share){ .next = NULL };
	len = (len + VDMA_UV_PAGE_SIZE - 1) & ~(VDMA_UV_PAGE_SIZE - 1);
	if (!len)
		return VDMA_E_INVALID;
	error = pages->get(pages->ctx, len, &mem);
	if (error)
		return error;
	error = whole_pages(&mem) ? share_pages(secure, &mem) : VDMA_E_INVALID;
	if (error == VDMA_E_SHARE_STUCK) {
		count_stuck(secure, &mem);
	} else if (error) {
		pages->put(pages->ctx, &mem);
	} else {
		share->mem = mem;
		add(secure, share);
	}
	return error;
}

static void scrub(const struct vdma_memory *mem)
{
	uint64_t *word = mem->cpu;
	uint64_t i;

	for (i = 0; i < mem->len / sizeof(*word); i++)
		word[i] = 0;
}

static int put(struct vdma_secure *secure, const struct vdma_memory *mem)
{
	scrub(mem);
	if (ultracall(secure, VDMA_UV_UNSHARE_PAGE, mem) != VDMA_U_SUCCESS) {
		count_stuck(secure, mem);
		return VDMA_E_SHARE_STUCK;
	}
	__atomic_fetch_add(&secure->counts.unshares, 1, __ATOMIC_RELAXED);
	secure->pages->put(secure->pages->ctx, mem);
	return VDMA_OK;
}

int vdma_shared_put(struct vdma_secure *secure, struct vdma_share *share)
{
	struct vdma_memory mem = take(secure, share);

	return mem.len ? put(secure, &mem) : VDMA_OK;
}

void vdma_shared_keep(struct vdma_secure *secure, struct vdma_share *share)
{
	struct vdma_memory mem = take(secure, share);

	if (!mem.len)
		return;
	scrub(&mem);
	count_stuck(secure, &mem);
}

unsigned int vdma_secure_end(struct vdma_secure *secure)
{
	unsigned int forgotten = 0;

	while (secure->first) {
		vdma_shared_put(secure, secure->first);
		forgotten++;
	}
	return forgotten;
}
