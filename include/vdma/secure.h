/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Secure VMs: memory that is shared with the hypervisor, and the accounts of it.
 *
 * A secure VM's memory is private until it shares pages by an ultracall
 * (docs/abi/ultravisor.md, and the kernel's ultravisor.rst). What is shared is
 * entered in a list, so that it is made private again exactly once, whatever
 * fails on the way.
 */
#ifndef VDMA_SECURE_H
#define VDMA_SECURE_H

#include <vdma/abi.h>
#include <vdma/domain.h>
#include <vdma/hcall.h>
#include <vdma/types.h>

#define VDMA_UV_PAGE_SIZE	((uint64_t)1 << VDMA_UV_PAGE_SHIFT)

/**
 * vdma_msr_secure() - is this a secure VM?
 * @msr: the CPU's machine state register
 *
 * Return: MSR[S] (Power ISA 3.0C, III 3.2.1), which nothing but the ultravisor
 * can set.
 */
bool vdma_msr_secure(uint64_t msr);

/**
 * struct vdma_share - memory that is shared
 * @mem: the memory, in whole pages of the ultravisor; length 0: none. Its dma is
 *	 the owner's.
 *
 * The rest belongs to struct vdma_secure.
 */
struct vdma_share {
	struct vdma_memory mem;

	/* private: */
	struct vdma_share *next;
	struct vdma_share *before;
};

/**
 * struct vdma_secure_counts - figures of what a VM shares
 * @shared: pages of VDMA_UV_PAGE_SIZE that are out
 * @stuck: pages that could not be made private; they are kept for good
 * @shares: ranges that were shared
 * @unshares: ranges that were made private again
 * @ultracalls: calls made
 */
struct vdma_secure_counts {
	uint64_t shared;
	uint64_t stuck;
	uint64_t shares;
	uint64_t unshares;
	uint64_t ultracalls;
};

/**
 * struct vdma_secure - what this VM shares
 * @ultravisor: way to the ultravisor: makes an ultracall (sc 2) with the opcode
 *		in r3 and in[0], in[1] in r4, r5; returns r3. NULL: the VM is not
 *		secure, its memory needs no sharing, and no call is made
 * @pages: where memory comes from; its get must align to VDMA_UV_PAGE_SIZE. It is
 *	   asked for multiples of that
 * @lock: taken around the list, not around ultracalls; NULL if there is one CPU
 *
 * The rest is its own.
 */
struct vdma_secure {
	const struct vdma_gate *ultravisor;
	const struct vdma_pages *pages;
	const struct vdma_lock *lock;

	/* private: */
	struct vdma_secure_counts counts;
	struct vdma_share *first;
};

/**
 * vdma_secure_init() - begin with nothing shared
 * @secure: set up
 * @ultravisor: way to the ultravisor, or NULL
 * @pages: where memory comes from
 * @lock: for its list, or NULL
 */
void vdma_secure_init(struct vdma_secure *secure,
		      const struct vdma_gate *ultravisor,
		      const struct vdma_pages *pages,
		      const struct vdma_lock *lock);

/**
 * vdma_secure_on() - is this VM secure?
 * @secure: the accounts
 *
 * Return: true if what it shares is made known to an ultravisor.
 */
static inline bool vdma_secure_on(const struct vdma_secure *secure)
{
	return secure->ultravisor;
}

/**
 * vdma_secure_count() - how much is shared, and was
 * @secure: the accounts
 * @counts: filled in; of use also while others share and unshare
 *
 * Context: any in which the lock may be taken.
 */
void vdma_secure_count(struct vdma_secure *secure,
		       struct vdma_secure_counts *counts);

/**
 * vdma_shared_get() - get memory, and share it
 * @secure: the accounts
 * @len: in bytes; rounded up to VDMA_UV_PAGE_SIZE
 * @share: filled in; must stay where it is until it is put
 *
 * The memory is zero. If a page of it can't be shared, none is.
 *
 * Context: any that @pages' get can be called in; does not sleep by itself.
 *
 * Return: VDMA_OK; VDMA_E_NO_MEMORY; VDMA_E_INVALID if @pages has given memory
 * that is not aligned; VDMA_E_UNSUPPORTED if there is no ultravisor;
 * VDMA_E_NOT_SECURE if this is no secure VM; VDMA_E_SHARE if the ultravisor
 * refuses for another reason; VDMA_E_SHARE_STUCK if moreover it would not take
 * back what it may have shared: that memory is kept for good. On any error
 * @share's length is 0.
 */
int vdma_shared_get(struct vdma_secure *secure, uint64_t len,
		    struct vdma_share *share);

/**
 * vdma_shared_put() - make memory private again, and give it back
 * @secure: the accounts
 * @share: what vdma_shared_get() has filled in; its length becomes 0. One whose
 *	   length is 0 is left alone
 *
 * Zeroed before: what the hypervisor gets back holds nothing of ours. No device
 * may reach it any more.
 *
 * Return: VDMA_OK; VDMA_E_SHARE_STUCK if the ultravisor would not take it back:
 * the memory is kept for good, for devices may still reach it.
 */
int vdma_shared_put(struct vdma_secure *secure, struct vdma_share *share);

/**
 * vdma_shared_keep() - never give memory back
 * @secure: the accounts
 * @share: what vdma_shared_get() has filled in; its length becomes 0
 *
 * For memory that a device may reach for ever, because an IOMMU's entry could
 * not be removed. It stays shared, zeroed, and counts as stuck.
 */
void vdma_shared_keep(struct vdma_secure *secure, struct vdma_share *share);

/**
 * vdma_secure_end() - put all that is still out
 * @secure: the accounts, of which nobody uses a share any more
 *
 * For unloading: what an owner has forgotten is not shared for ever.
 *
 * Return: how many there were; 0 is what should be.
 */
unsigned int vdma_secure_end(struct vdma_secure *secure);

#endif /* VDMA_SECURE_H */
