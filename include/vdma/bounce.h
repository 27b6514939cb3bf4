/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Mode bounce: the device reaches a pool of shared pages and nothing else.
 *
 * The pool is allocated, shared and mapped once. A mapping is then a slot in it:
 *
 *	to device	copied in by map and sync_for_device
 *	from device	copied out by unmap and sync_for_cpu
 *	bidirectional	both
 *
 * without a hypercall or ultracall. A buffer that the device only writes is never
 * copied in: the device would see what that memory held before. Instead the slot is
 * poisoned with a word that nobody can predict. Poison words left at the end were not
 * written and are not copied out. Therefore
 *
 *	all data that the device has written arrives,
 *	no old content of the slot is copied anywhere,
 *	the rest of the buffer is cleared in a secure guest; in others it stays as it was,
 *	except for up to 15 bytes after the last byte written
 *
 * since the device may have written a byte that equals its poison. This is as exact as
 * possible without copying in, and right for devices that write a buffer from its
 * start, as virtio requires (virtio 1.2, 2.7.8.2).
 *
 * Clearing protects old data of a secure guest against a device that claims to have
 * written more than it did: a driver that forwards the buffer would send that data.
 */
#ifndef VDMA_BOUNCE_H
#define VDMA_BOUNCE_H

#include <vdma/domain.h>
#include <vdma/types.h>

/* Enough for a disk or a network card: 48 pages of the ultravisor. */
#define VDMA_BOUNCE_SIZE	((uint64_t)3 << 20)
#define VDMA_BOUNCE_SIZE_MAX	((uint64_t)1 << 30)
#define VDMA_BOUNCE_SIZE_ALIGN	((uint64_t)64 << 10)
/* As Linux's swiotlb, which virtio drivers can live with */
#define VDMA_BOUNCE_MAX_LEN	((uint64_t)256 << 10)
/* Minimum alignment for vdma_bounce_alloc() */
#define VDMA_BOUNCE_ALIGN_MIN ((uint64_t)4 << 10)

/* Flags of map and unmap */
#define VDMA_BOUNCE_NO_COPY	0x1u

/**
 * struct vdma_bounce_config - how to set up a pool
 * @memory: allocates the memory of the pool
 * @parent: how the device reaches the pool: a domain of mode direct if it ignores the
 *	    IOMMU; otherwise one whose map enters TCEs, which is called once
 * @size: of the pool in bytes, a multiple of VDMA_BOUNCE_SIZE_ALIGN up to
 *	  VDMA_BOUNCE_SIZE_MAX
 * @max_len: maximum size of a mapping in bytes; 0: VDMA_BOUNCE_MAX_LEN. Clamped to
 *	     half the pool
 * @clear_unwritten: clear the part of a buffer that a device has not written
 * @cpus: number of CPUs, at least 1
 * @cpu: returns the current CPU; a hint, migration is harmless. NULL if there is one
 *	 CPU
 * @ctx: passed to @cpu
 * @lock: taken when the caches of free slots cannot help, each time for no longer than
 *	  it takes to move 16 slots or to search the pool; NULL if there is one CPU
 * @linear: CPU address minus physical address, for all memory that is ever mapped
 * @copy: memcpy(), or NULL for the library's own
 * @fill: stores @count words, as Linux's memset64(), or NULL likewise
 * @secret: random; known to nobody else
 */
struct vdma_bounce_config {
	const struct vdma_shared_mem_ops *memory;
	struct vdma_domain *parent;
	uint64_t size;
	uint64_t max_len;
	bool clear_unwritten;
	uint32_t cpus;
	unsigned int (*cpu)(void *ctx);
	void *ctx;
	const struct vdma_lock *lock;
	uintptr_t linear;
	void *(*copy)(void *to, const void *from, size_t len);
	void *(*fill)(uint64_t *to, uint64_t word, size_t count);
	uint64_t secret[2];
};

struct vdma_bounce_record;
struct vdma_slots;

/**
 * struct vdma_bounce - a domain of mode bounce
 * @domain: the domain for drivers; its max_len is the maximum size of a mapping
 * @shared: the pool; mem.dma is its address for the device
 * @config: as given
 * @full: number of maps that failed because the pool was full
 */
struct vdma_bounce {
	struct vdma_domain domain;
	struct vdma_shared_mem shared;
	struct vdma_bounce_config config;
	uint64_t full;

	/* private: */
	struct vdma_slots *slots;
	struct vdma_bounce_record *records;
};

/**
 * struct vdma_bounce_counts - statistics of a pool
 * @in: bytes copied into the pool
 * @out: bytes copied out of it
 * @cleared: bytes of buffers cleared because the device has not written them
 * @full: maps that failed because the pool was full
 * @live: slots in use
 * @used: bytes in use
 * @used_max: maximum of bytes in use, including those in a CPU's cache
 */
struct vdma_bounce_counts {
	uint64_t in;
	uint64_t out;
	uint64_t cleared;
	uint64_t full;
	uint32_t live;
	uint64_t used;
	uint64_t used_max;
};

/**
 * vdma_bounce_private_size() - private memory that a pool needs
 * @config: how to set up the pool
 *
 * Return: bytes, 4 KiB and about a sixteenth of the pool; 0 if @config is invalid.
 */
size_t vdma_bounce_private_size(const struct vdma_bounce_config *config);

/**
 * vdma_bounce_init() - set up a pool and a domain on it
 * @b: initialized on success; must not move
 * @config: how to set it up; copied
 * @private_mem: vdma_bounce_private_size() bytes that no device can reach, aligned to
 *		 128; returned to the caller by vdma_bounce_fini(), or if this fails
 *
 * Costs one ultracall, and whatever @config's parent needs to map the pool. On an error
 * nothing stays shared or mapped except stuck pages.
 *
 * Return: VDMA_OK; VDMA_E_INVALID if @config is invalid; or as the alloc of
 * &struct vdma_shared_mem_ops or vdma_domain_map().
 */
int vdma_bounce_init(struct vdma_bounce *b,
		     const struct vdma_bounce_config *config,
		     void *private_mem);

/**
 * vdma_bounce_fini() - free a pool
 * @b: a pool whose device was reset
 *
 * Return: VDMA_OK; VDMA_E_BUSY, and nothing is changed, while something is mapped or
 * allocated; VDMA_E_TCE_STUCK or VDMA_E_SHARE_STUCK if the pool could not be taken back
 * from the device or from the hypervisor: its memory is leaked, and @b must not be used
 * any more, as on success.
 */
int vdma_bounce_fini(struct vdma_bounce *b);

/**
 * vdma_bounce_map() - let the device see a copy of a buffer
 * @b: the pool
 * @phys: guest physical address of the buffer
 * @len: in bytes, at least 1
 * @dir: access that the device has
 * @flags: VDMA_BOUNCE_NO_COPY: do not copy a buffer that the device only reads, since
 *	   vdma_domain_sync_for_device() will
 * @cpu: current CPU; a hint, migration is harmless
 * @dma: on success the address for the device, a multiple of 64
 *
 * As vdma_domain_map(), for adapters that have flags and know their CPU; not seen by
 * the audit.
 *
 * Context: any, interrupts included if @config's lock can be taken there. Does not
 * sleep.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if @len exceeds the domain's max_len; VDMA_E_NO_SPACE
 * if the pool is full: worth a retry after an unmap.
 */
int vdma_bounce_map(struct vdma_bounce *b, uint64_t phys, uint64_t len,
		    enum vdma_dir dir, unsigned int flags, uint32_t cpu,
		    uint64_t *dma);

/**
 * vdma_bounce_unmap() - end a mapping
 * @b: the pool
 * @dma: address returned by map
 * @len: length passed to map
 * @dir: direction passed to map
 * @flags: VDMA_BOUNCE_NO_COPY: the device's data is not needed, or was fetched by
 *	   vdma_domain_sync_for_cpu()
 * @cpu: as for vdma_bounce_map(); need not be the same
 *
 * Context: as vdma_bounce_map().
 *
 * Return: VDMA_OK; VDMA_E_INVALID, and nothing is changed, if there is no such mapping.
 */
int vdma_bounce_unmap(struct vdma_bounce *b, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, unsigned int flags, uint32_t cpu);

/**
 * vdma_bounce_alloc() - allocate coherent DMA memory from the pool
 * @b: the pool
 * @len: in bytes
 * @align: alignment of both addresses in bytes; a power of two, at least
 *	   VDMA_BOUNCE_ALIGN_MIN
 * @mem: filled in on success; zeroed. Freed by vdma_domain_free()
 *
 * As vdma_domain_alloc(), for adapters that need an alignment; any context.
 *
 * Return: VDMA_OK; VDMA_E_INVALID; VDMA_E_RANGE if the pool is smaller than that, or
 * its own addresses are less aligned; VDMA_E_NO_SPACE.
 */
int vdma_bounce_alloc(struct vdma_bounce *b, uint64_t len, uint64_t align,
		      struct vdma_memory *mem);

/**
 * vdma_bounce_slot_bytes() - how much of a pool a mapping takes
 * @len: its size in bytes, at least 1
 *
 * Return: bytes; more may be taken when the pool runs short of slots of that size.
 */
uint64_t vdma_bounce_slot_bytes(uint64_t len);

/**
 * vdma_bounce_live() - how many mappings and allocations there are
 * @b: the pool
 *
 * Takes the pool's lock for a moment. Exact when nobody maps or unmaps meanwhile; never
 * 0 while something stays mapped.
 */
uint32_t vdma_bounce_live(const struct vdma_bounce *b);

/**
 * vdma_bounce_count() - statistics of a pool
 * @b: the pool
 * @counts: filled in; usable while others map and unmap
 */
void vdma_bounce_count(struct vdma_bounce *b,
		       struct vdma_bounce_counts *counts);

#endif /* VDMA_BOUNCE_H */
