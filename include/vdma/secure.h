/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Secure VMs: memory shared with the hypervisor.
 *
 * The memory of a secure VM is private until it shares pages by an ultracall
 * (docs/abi/ultravisor.md, and the kernel's ultravisor.rst). Shared memory is kept in a
 * list, so that it is made private again exactly once, whatever fails on the way.
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
 * Return: MSR[S] (Power ISA 3.0C, III 3.2.1), which only the ultravisor can set.
 */
bool vdma_msr_secure(uint64_t msr);

/**
 * struct vdma_secure_counts - statistics of shared memory
 * @shared: pages of VDMA_UV_PAGE_SIZE that are shared
 * @stuck: pages that could not be made private, and are leaked
 * @shares: ranges shared so far
 * @unshares: ranges made private again
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
 * struct vdma_secure - memory that this VM shares
 * @ultravisor: makes ultracalls (sc 2) with the opcode in r3 and in[0], in[1] in r4,
 *		r5; returns r3. NULL: the VM is not secure, and no call is made
 * @pages: where memory comes from; its get must align to VDMA_UV_PAGE_SIZE, and is
 *	   asked for multiples of that
 * @lock: protects the list, not held during ultracalls; NULL if there is one CPU
 * @memory: allocates shared memory for a bounce pool
 */
struct vdma_secure {
	const struct vdma_hv_ops *ultravisor;
	const struct vdma_pages *pages;
	const struct vdma_lock *lock;
	struct vdma_shared_mem_ops memory;

	/* private: */
	struct vdma_secure_counts counts;
	struct vdma_shared_mem *first;
};

/**
 * vdma_secure_init() - start with nothing shared
 * @secure: initialized; must not move
 * @ultravisor: makes ultracalls, or NULL
 * @pages: where memory comes from
 * @lock: protects the list, or NULL
 */
void vdma_secure_init(struct vdma_secure *secure,
		      const struct vdma_hv_ops *ultravisor,
		      const struct vdma_pages *pages,
		      const struct vdma_lock *lock);

/**
 * vdma_secure_on() - is this VM secure?
 * @secure: memory that this VM shares
 *
 * Return: true if there is an ultravisor to share memory through.
 */
static inline bool vdma_secure_on(const struct vdma_secure *secure)
{
	return secure->ultravisor;
}

/**
 * vdma_secure_count() - statistics of shared memory
 * @secure: memory that this VM shares
 * @counts: filled in; usable while others share and unshare
 *
 * Context: any in which the lock may be taken.
 */
void vdma_secure_count(struct vdma_secure *secure,
		       struct vdma_secure_counts *counts);

/**
 * vdma_shared_alloc() - allocate memory and share it
 * @secure: memory that this VM shares
 * @len: in bytes; rounded up to VDMA_UV_PAGE_SIZE
 * @shared: filled in; must not move until it is freed
 *
 * The memory is zeroed. All of its pages are shared, or none.
 *
 * Context: any in which @pages' get can be called; does not sleep by itself.
 *
 * Return: VDMA_OK; VDMA_E_NO_MEMORY; VDMA_E_INVALID if @pages returned unaligned
 * memory; VDMA_E_UNSUPPORTED if there is no ultravisor; VDMA_E_NOT_SECURE if this is
 * not a secure VM; VDMA_E_SHARE if the ultravisor refuses for another reason;
 * VDMA_E_SHARE_STUCK if moreover it would not take back what it may have shared: that
 * memory is leaked. On an error @shared's length is 0.
 */
int vdma_shared_alloc(struct vdma_secure *secure, uint64_t len,
		      struct vdma_shared_mem *shared);

/**
 * vdma_shared_free() - make memory private again and free it
 * @secure: memory that this VM shares
 * @shared: allocated by vdma_shared_alloc(); its length becomes 0. Nothing is done if
 *	    it is 0
 *
 * The memory is zeroed first, so that the hypervisor learns nothing from it. No device
 * may reach it any more.
 *
 * Return: VDMA_OK; VDMA_E_SHARE_STUCK if the ultravisor would not take it back: the
 * memory is leaked, since devices may still reach it.
 */
int vdma_shared_free(struct vdma_secure *secure,
		     struct vdma_shared_mem *shared);

/**
 * vdma_shared_leak() - never free memory
 * @secure: memory that this VM shares
 * @shared: allocated by vdma_shared_alloc(); its length becomes 0
 *
 * For memory that a device may reach for ever, because an entry of the IOMMU could not
 * be removed. It stays shared, zeroed, and counts as stuck.
 */
void vdma_shared_leak(struct vdma_secure *secure,
		      struct vdma_shared_mem *shared);

/**
 * vdma_secure_end() - free everything that is still shared
 * @secure: memory that this VM shares; no longer in use
 *
 * For unloading: memory that its owner has forgotten does not stay shared.
 *
 * Return: number of allocations that were freed; 0 if the owner has freed all.
 */
unsigned int vdma_secure_end(struct vdma_secure *secure);

#endif /* VDMA_SECURE_H */
