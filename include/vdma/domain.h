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
 * enum vdma_dir - direction of a mapping
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
 * struct vdma_pages - how to allocate memory
 * @get: allocates at least @len bytes, physically contiguous, zeroed, aligned to 4 KiB, and
 *	 fills in @mem's cpu, phys and len; returns VDMA_OK or VDMA_E_NO_MEMORY
 * @put: frees them
 * @ctx: passed to both
 */
struct vdma_pages {
	int (*get)(void *ctx, uint64_t len, struct vdma_memory *mem);
	void (*put)(void *ctx, const struct vdma_memory *mem);
	void *ctx;
};

/**
 * struct vdma_shared_mem - memory that is shared with the hypervisor
 * @mem: the memory; length 0: none. Its dma is for the owner
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
 *	   or an error; after an error only stuck pages are shared
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
 * struct vdma_lock - a lock of the adapter
 * @acquire: takes the lock; NULL if there is one CPU and no interrupt calls the library
 * @release: releases it
 * @ctx: passed to both
 */
struct vdma_lock {
	void (*acquire)(void *ctx);
	void (*release)(void *ctx);
	void *ctx;
};

/* Do nothing without a lock, or if it has no functions. */
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
 * @alloc: see vdma_domain_alloc(); NULL: @pages and @map are used
 * @free: see vdma_domain_free(); NULL if @alloc is
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
 * @ops: operations of the mode
 * @mode: for messages
 * @pages: allocates the memory of rings
 * @audit: the record of mappings, or NULL (audit.h); used only in a build with VDMA_AUDIT
 * @max_len: maximum size of a mapping in bytes
 * @offset: direct, bypass, identity: DMA address minus physical address
 * @memory_end: direct, bypass, identity: first physical address out of reach
 *
 * A mode with more state has a structure that contains this one.
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

/* The place of a call as text; NULL without the audit */
#ifdef VDMA_AUDIT
#define VDMA_TEXT2(x)	#x
#define VDMA_TEXT(x)	VDMA_TEXT2(x)
#define VDMA_HERE	(__FILE__ ":" VDMA_TEXT(__LINE__))
#else
#define VDMA_HERE	NULL
#endif

/**
 * vdma_domain_direct() - set up a domain for a device that ignores the IOMMU
 * @domain: initialized
 * @pages: allocates its memory
 * @memory_end: first guest physical address beyond all memory
 *
 * Device addresses are guest physical addresses.
 */
void vdma_domain_direct(struct vdma_domain *domain,
			const struct vdma_pages *pages, uint64_t memory_end);

/**
 * vdma_domain_bypass() - set up a domain on an open bypass window
 * @domain: initialized on success
 * @pages: allocates its memory
 * @window: the window that vdma_bypass_enable() has confirmed
 * @memory_end: first guest physical address beyond all memory
 *
 * Return: VDMA_OK; VDMA_E_RANGE if @window is invalid or does not reach @memory_end.
 */
int vdma_domain_bypass(struct vdma_domain *domain,
		       const struct vdma_pages *pages,
		       const struct vdma_window *window, uint64_t memory_end);

/**
 * vdma_domain_identity() - set up a domain on a window that maps all memory
 * @domain: initialized on success
 * @pages: allocates its memory
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
 * vdma_domain_refuse() - set up a domain in which nothing can be mapped
 * @domain: initialized
 *
 * For a device that must not be used: each map and each alloc returns VDMA_E_REFUSED_MODE.
 */
void vdma_domain_refuse(struct vdma_domain *domain);

/* Use the macros without _at: these functions take the place that the audit names. */
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
 * vdma_domain_map() - map memory for the device
 * @domain: the device's domain
 * @phys: guest physical address of its first byte, of any alignment
 * @len: in bytes, at least 1
 * @dir: access that the device has
 * @dma: on success the address for the device
 *
 * The memory gets one range of DMA addresses, even if it straddles pages. On an error
 * nothing is mapped. The memory belongs to the device until it is unmapped.
 *
 * Context: any; may take the domain's lock; does not sleep.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if the memory is out of the domain's reach or longer than
 * its @max_len; VDMA_E_NO_SPACE if the window or the pool is full: worth a retry after an
 * unmap; VDMA_E_TCE if the hypervisor fails to enter it; VDMA_E_TCE_STUCK if moreover an
 * entry cannot be removed: its address is never used again; VDMA_E_REFUSED_MODE.
 */
#define vdma_domain_map(domain, phys, len, dir, dma) \
	vdma_domain_map_at(domain, phys, len, dir, dma, VDMA_HERE)

/**
 * vdma_domain_unmap() - unmap memory
 * @domain: the device's domain
 * @dma: address returned by vdma_domain_map()
 * @len: length passed to map
 * @dir: direction passed to map
 *
 * Afterwards the CPU sees the device's writes.
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if the hypervisor fails to remove it: the address is
 * never used again, since the device may still reach the memory; VDMA_E_INVALID if there
 * is no such mapping in this domain.
 */
#define vdma_domain_unmap(domain, dma, len, dir) \
	vdma_domain_unmap_at(domain, dma, len, dir, VDMA_HERE)

/**
 * vdma_domain_alloc() - allocate coherent DMA memory
 * @domain: the device's domain
 * @len: in bytes
 * @mem: filled in on success. The memory is zeroed; both its addresses are aligned to 4 KiB
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
 * Memory whose mapping cannot be removed is leaked: the device may still reach it.
 */
#define vdma_domain_free(domain, mem) \
	vdma_domain_free_at(domain, mem, VDMA_HERE)

/**
 * vdma_domain_sync_for_device() - make the CPU's writes visible to the device
 * @domain: the device's domain
 * @dma: address in a live mapping
 * @len: number of bytes
 * @dir: direction of the mapping
 *
 * Needed only while the memory stays mapped: map includes it.
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
 * @len: number of bytes
 * @dir: direction of the mapping
 *
 * Needed only while the memory stays mapped: unmap includes it.
 */
static inline void vdma_domain_sync_for_cpu(struct vdma_domain *domain,
					    uint64_t dma, uint64_t len,
					    enum vdma_dir dir)
{
	if (domain->ops->sync_for_cpu)
		domain->ops->sync_for_cpu(domain, dma, len, dir);
}

#endif /* VDMA_DOMAIN_H */
