/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A domain: how one device reaches memory.
 *
 * The decision (policy.h) names a mode; the adapter sets up a domain of that mode and
 * passes it to rings and drivers, which neither know nor ask which one it is. Ring
 * memory comes from the domain, like everything else that the device can see.
 *
 * A domain is one structure, owned by the caller. In the modes direct, bypass and
 * identity its functions may be called from any CPU at once; in tce and bounce they
 * take the lock that the domain was given.
 */
#ifndef VDMA_DOMAIN_H
#define VDMA_DOMAIN_H

#include <vdma/policy.h>
#include <vdma/types.h>
#include <vdma/window.h>

/**
 * enum vdma_dir - which way data goes in a mapping
 * @VDMA_TO_DEVICE: the device reads
 * @VDMA_FROM_DEVICE: the device writes
 * @VDMA_BIDIRECTIONAL: both
 *
 * A mask: bit 0 the device may read, bit 1 it may write.
 */
enum vdma_dir {
	VDMA_TO_DEVICE = 1,
	VDMA_FROM_DEVICE = 2,
	VDMA_BIDIRECTIONAL = 3,
};

/**
 * struct vdma_memory - coherent DMA memory
 * @cpu: address for the CPU
 * @phys: guest physical address
 * @dma: address for the device; not set by struct vdma_pages
 * @len: in bytes
 */
struct vdma_memory {
	void *cpu;
	uint64_t phys;
	uint64_t dma;
	uint64_t len;
};

/**
 * struct vdma_pages - where a domain gets memory from
 * @get: fills in @mem's cpu, phys and len with at least @len bytes that are
 *	 physically contiguous, zero, and aligned to 4 KiB; returns VDMA_OK or
 *	 VDMA_E_NO_MEMORY
 * @put: takes them back
 * @ctx: handed to both
 */
struct vdma_pages {
	int (*get)(void *ctx, uint64_t len, struct vdma_memory *mem);
	void (*put)(void *ctx, const struct vdma_memory *mem);
	void *ctx;
};

/**
 * struct vdma_shared_mem - memory that is shared with the hypervisor
 * @mem: the memory; length 0: none. Its dma is the owner's
 */
struct vdma_shared_mem {
	struct vdma_memory mem;

	/* private: of the allocator */
	struct vdma_shared_mem *next;
	struct vdma_shared_mem *prev;
};

/**
 * struct vdma_shared_mem_ops - where shared memory comes from
 * @alloc: allocates at least @len bytes, physically contiguous, zeroed, aligned to 64
 *	   KiB, and shares them; @shared must not move until it is freed. Returns VDMA_OK
 *	   or an error, after which nothing is shared except what is stuck
 * @free: makes the memory private again and frees it. No device may reach it any more.
 *	  Returns VDMA_OK; VDMA_E_SHARE_STUCK if it was leaked instead
 * @leak: leaves the memory shared and never frees it, because a device may reach it
 *	  for ever
 * @ctx: passed to all three
 */
struct vdma_shared_mem_ops {
	int (*alloc)(void *ctx, uint64_t len, struct vdma_shared_mem *shared);
	int (*free)(void *ctx, struct vdma_shared_mem *shared);
	void (*leak)(void *ctx, struct vdma_shared_mem *shared);
	void *ctx;
};

/**
 * struct vdma_lock - mutual exclusion, as the adapter has it
 * @acquire: takes the lock; NULL if there is only one CPU and no interrupt
 *	     that calls the library
 * @release: gives it back
 * @ctx: handed to both
 */
struct vdma_lock {
	void (*acquire)(void *ctx);
	void (*release)(void *ctx);
	void *ctx;
};

/* With no lock, or one without functions, nothing happens. */
static inline void vdma_lock_acquire(const struct vdma_lock *lock)
{
	if (lock && lock->acquire)
		lock->acquire(lock->ctx);
}

static inline void vdma_lock_release(const struct vdma_lock *lock)
{
	if (lock && lock->acquire)
		lock->release(lock->ctx);
}

struct vdma_audit;
struct vdma_domain;

/**
 * struct vdma_domain_ops - operations of a mode
 * @map: see vdma_domain_map()
 * @unmap: see vdma_domain_unmap()
 * @sync_for_device: see vdma_domain_sync_for_device(); NULL: nothing to do
 * @sync_for_cpu: see vdma_domain_sync_for_cpu(); NULL: nothing to do
 * @alloc: see vdma_domain_alloc(); NULL: @pages and @map do it
 * @free: the other half of @alloc
 */
struct vdma_domain_ops {
	int (*map)(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		   enum vdma_dir dir, uint64_t *dma);
	int (*unmap)(struct vdma_domain *domain, uint64_t dma, uint64_t len,
		     enum vdma_dir dir);
	void (*sync_for_device)(struct vdma_domain *domain, uint64_t dma,
				uint64_t len, enum vdma_dir dir);
	void (*sync_for_cpu)(struct vdma_domain *domain, uint64_t dma,
			     uint64_t len, enum vdma_dir dir);
	int (*alloc)(struct vdma_domain *domain, uint64_t len,
		     struct vdma_memory *mem);
	void (*free)(struct vdma_domain *domain, struct vdma_memory *mem);
};

/**
 * struct vdma_domain - how one device reaches memory
 * @ops: the mode's functions
 * @mode: for people
 * @pages: where the memory of rings comes from
 * @audit: the record of mappings, or NULL (audit.h); used only in
 *	   a build with VDMA_AUDIT
 * @max_len: the longest piece that one map can take, in bytes
 * @offset: direct, bypass, identity: DMA address minus physical address
 * @memory_end: direct, bypass, identity: first physical address out of reach
 *
 * A mode with more state has a structure that begins with this one.
 */
struct vdma_domain {
	const struct vdma_domain_ops *ops;
	enum vdma_mode mode;
	const struct vdma_pages *pages;
	struct vdma_audit *audit;
	uint64_t max_len;
	uint64_t offset;
	uint64_t memory_end;
};

/* The place of a call as text; without the audit nothing is kept of it. */
#ifdef VDMA_AUDIT
#define VDMA_TEXT2(x)	#x
#define VDMA_TEXT(x)	VDMA_TEXT2(x)
#define VDMA_HERE	(__FILE__ ":" VDMA_TEXT(__LINE__))
#else
#define VDMA_HERE	NULL
#endif

/**
 * vdma_domain_direct() - a domain for a device that ignores the IOMMU
 * @domain: set up
 * @pages: where its memory comes from
 * @memory_end: first guest physical address beyond all memory
 *
 * Device addresses are guest physical addresses.
 */
void vdma_domain_direct(struct vdma_domain *domain,
			const struct vdma_pages *pages, uint64_t memory_end);

/**
 * vdma_domain_bypass() - a domain behind an open bypass window
 * @domain: set up on success
 * @pages: where its memory comes from
 * @window: the window as vdma_bypass_enable() confirmed it
 * @memory_end: first guest physical address beyond all memory
 *
 * Return: VDMA_OK; VDMA_E_RANGE if @window is not valid or does not reach
 * @memory_end.
 */
int vdma_domain_bypass(struct vdma_domain *domain,
		       const struct vdma_pages *pages,
		       const struct vdma_window *window, uint64_t memory_end);

/**
 * vdma_domain_identity() - a domain behind a window that maps all memory
 * @domain: set up on success
 * @pages: where its memory comes from
 * @window: the window, filled by vdma_ddw_identity()
 * @memory_end: first guest physical address beyond all memory
 *
 * Return: as vdma_domain_bypass().
 */
int vdma_domain_identity(struct vdma_domain *domain,
			 const struct vdma_pages *pages,
			 const struct vdma_window *window,
			 uint64_t memory_end);

/**
 * vdma_domain_refuse() - a domain in which nothing can be mapped
 * @domain: set up
 *
 * For a device that must not be used: every map and every allocation
 * returns VDMA_E_REFUSED_MODE.
 */
void vdma_domain_refuse(struct vdma_domain *domain);

/*
 * The functions with _at take the place that the audit names; use the macros
 * without it.
 */
int vdma_domain_map_at(struct vdma_domain *domain, uint64_t phys,
		       uint64_t len, enum vdma_dir dir, uint64_t *dma,
		       const char *where);
int vdma_domain_unmap_at(struct vdma_domain *domain, uint64_t dma,
			 uint64_t len, enum vdma_dir dir, const char *where);
int vdma_domain_alloc_at(struct vdma_domain *domain, uint64_t len,
			 struct vdma_memory *mem, const char *where);
void vdma_domain_free_at(struct vdma_domain *domain, struct vdma_memory *mem,
			 const char *where);

/**
 * vdma_domain_map() - let the device reach a piece of memory
 * @domain: the device's domain
 * @phys: guest physical address of its first byte, of any alignment
 * @len: in bytes, at least 1
 * @dir: access that the device has
 * @dma: on success the address for the device
 *
 * The piece is one range of DMA addresses, also where it straddles pages. On
 * an error nothing is mapped that was not mapped before. The memory belongs to
 * the device until it is unmapped.
 *
 * Context: any; may take the domain's lock; does not sleep.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if the memory is out of the domain's reach or
 * longer than its @max_len; VDMA_E_NO_SPACE if the window or the pool is full
 * now, worth a retry once something was unmapped; VDMA_E_TCE if the hypervisor
 * would not enter it; VDMA_E_TCE_STUCK if moreover part of it could not be taken
 * back, and the address is never given out again; VDMA_E_REFUSED_MODE.
 */
#define vdma_domain_map(domain, phys, len, dir, dma) \
	vdma_domain_map_at(domain, phys, len, dir, dma, VDMA_HERE)

/**
 * vdma_domain_unmap() - take a piece of memory back from the device
 * @domain: the device's domain
 * @dma: address that vdma_domain_map() gave
 * @len: length that it was given
 * @dir: direction that it was given
 *
 * Afterwards the CPU sees the device's writes.
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if the hypervisor would not remove it: the
 * address is then never given out again, for the device may still reach the
 * memory; VDMA_E_INVALID if @dma is no address that this domain has mapped.
 */
#define vdma_domain_unmap(domain, dma, len, dir) \
	vdma_domain_unmap_at(domain, dma, len, dir, VDMA_HERE)

/**
 * vdma_domain_alloc() - get memory that CPU and device share for long
 * @domain: the device's domain
 * @len: in bytes
 * @mem: filled in on success; zeroed, aligned to 4 KiB for both
 *
 * Return: VDMA_OK; VDMA_E_NO_MEMORY; or as vdma_domain_map().
 */
#define vdma_domain_alloc(domain, len, mem) \
	vdma_domain_alloc_at(domain, len, mem, VDMA_HERE)

/**
 * vdma_domain_free() - free memory of vdma_domain_alloc()
 * @domain: the device's domain
 * @mem: as filled in by vdma_domain_alloc(); zeroed. If it is all zero, nothing is freed.
 *
 * Memory whose mapping could not be removed is kept for good: the device may
 * still reach it.
 */
#define vdma_domain_free(domain, mem) \
	vdma_domain_free_at(domain, mem, VDMA_HERE)

/**
 * vdma_domain_sync_for_device() - make the CPU's writes visible to the device
 * @domain: the device's domain
 * @dma: address in a live mapping
 * @len: how much of it, in bytes
 * @dir: direction of the mapping
 *
 * Needed only while the memory stays mapped; map does it by itself.
 */
static inline void vdma_domain_sync_for_device(struct vdma_domain *domain,
					       uint64_t dma, uint64_t len,
					       enum vdma_dir dir)
{
	if (domain->ops->sync_for_device)
		domain->ops->sync_for_device(domain, dma, len, dir);
}

/**
 * vdma_domain_sync_for_cpu() - make the device's writes visible to the CPU
 * @domain: the device's domain
 * @dma: address in a live mapping
 * @len: how much of it, in bytes
 * @dir: direction of the mapping
 *
 * Needed only while the memory stays mapped; unmap does it by itself.
 */
static inline void vdma_domain_sync_for_cpu(struct vdma_domain *domain,
					    uint64_t dma, uint64_t len,
					    enum vdma_dir dir)
{
	if (domain->ops->sync_for_cpu)
		domain->ops->sync_for_cpu(domain, dma, len, dir);
}

#endif /* VDMA_DOMAIN_H */
