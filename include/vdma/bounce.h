/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Mode bounce: a device gets at a pool of shared pages and at nothing else.
 *
 * The pool is got, shared and mapped once. Then a mapping is a slot in it:
 *
 *	the device reads	copied in by map and sync_for_device
 *	the device writes	copied out by unmap and sync_for_cpu
 *	both			both
 *
 * with no hypercall and no ultracall. What the device shall only write is never
 * copied in: it would see what was in that memory before. Instead, the slot is
 * filled with a word that nobody can foresee. Words at the end that are still
 * there afterwards were not written, and are not copied out. So
 *
 *	all that the device has written arrives,
 *	nothing of the slot's past gets anywhere,
 *	what the device has not written is cleared in a secure guest; in others it
 *	stays as it was, but for up to 15 bytes behind the last one that it has
 *	written
 *
 * for a byte that is what it was filled with may have been written, too. This is
 * as exact as it can be without copying in, and right for devices that write a
 * buffer from its beginning on, as virtio ones have to (virtio 1.2, 2.7.8.2).
 *
 * Clearing keeps old data of a secure guest from a device that claims to have
 * written more than it has: a driver which sends the buffer on would send that.
 */
#ifndef VDMA_BOUNCE_H
#define VDMA_BOUNCE_H

#include <vdma/domain.h>
#include <vdma/secure.h>
#include <vdma/slots.h>
#include <vdma/types.h>

/* Good for a disk or a network card: 48 pages of the ultravisor. */
#define VDMA_BOUNCE_SIZE	((uint64_t)3 << 20)
#define VDMA_BOUNCE_SIZE_MAX	((uint64_t)1 << 30)
/* What Linux's swiotlb has, and virtio's drivers are content with. */
#define VDMA_BOUNCE_MAX_LEN	((uint64_t)256 << 10)

/* Flags of map and unmap */
#define VDMA_BOUNCE_NO_COPY	0x1u

/**
 * struct vdma_bounce_config - what a pool shall be
 * @secure: gets and shares the pool
 * @reach: how the device reaches the pool: a domain of mode direct if it ignores
 *	   the IOMMU; otherwise one whose map enters TCEs, which is called once
 * @size: of the pool in bytes, a multiple of VDMA_UV_PAGE_SIZE up to
 *	  VDMA_BOUNCE_SIZE_MAX
 * @max_len: the longest mapping, in bytes; 0: VDMA_BOUNCE_MAX_LEN. What is more
 *	     than half of the pool becomes that
 * @cpus: how many CPUs there are, at least 1
 * @cpu: number of the CPU that it is called on; may be wrong a moment later. NULL
 *	 if there is one
 * @ctx: handed to @cpu
 * @lock: taken when the caches of free slots can't help, each time for no more
 *	  than to move 16 slots, or to find room for one; NULL if there is one CPU
 * @linear: what has to be added to a physical address to get the CPU's, for all
 *	    memory that is ever mapped
 * @copy: memcpy(), or NULL for one of the library's
 * @fill: stores @count words; Linux's memset64(), or NULL as before
 * @secret: random; nobody else may know it
 */
struct vdma_bounce_config {
	struct vdma_secure *secure;
	struct vdma_domain *reach;
	uint64_t size;
	uint64_t max_len;
	uint32_t cpus;
	unsigned int (*cpu)(void *ctx);
	void *ctx;
	const struct vdma_lock *lock;
	uintptr_t linear;
	void *(*copy)(void *to, const void *from, size_t len);
	void *(*fill)(uint64_t *to, uint64_t word, size_t count);
	uint64_t secret[2];
};

/* One mapping: what is at the other end of a slot. */
struct vdma_bounce_record {
	uint64_t phys;
	uint32_t len;
	uint32_t state;
};

/**
 * struct vdma_bounce - a domain of mode bounce
 * @domain: what drivers see; its max_len is the longest mapping
 * @share: the pool; mem.dma is where the device finds it
 * @config: as given
 * @slots: which parts of the pool are taken
 * @full: maps that found no room
 *
 * The rest is its own.
 */
struct vdma_bounce {
	struct vdma_domain domain;
	struct vdma_share share;
	struct vdma_bounce_config config;
	struct vdma_slots slots;
	uint64_t full;

	/* private: */
	struct vdma_bounce_record *records;
};

/**
 * struct vdma_bounce_counts - figures of a pool
 * @in: bytes copied into the pool
 * @out: bytes copied out of it
 * @cleared: bytes of buffers that a secure guest's device has not written
 * @full: maps that found no room
 * @live: slots in use now
 * @used: bytes of them
 * @used_max: most bytes of the pool that ever were in use, those counted that
 *	      wait in a CPU's cache
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
 * vdma_bounce_private_size() - how much memory of its own a pool needs
 * @config: what the pool shall be
 *
 * Return: bytes, about a sixteenth of the pool; 0 if there is no such pool.
 */
size_t vdma_bounce_private_size(const struct vdma_bounce_config *config);

/**
 * vdma_bounce_init() - make a pool and a domain on it
 * @b: set up on success; must stay where it is
 * @config: what it shall be; copied
 * @private_mem: vdma_bounce_private_size() bytes that no device can reach,
 *		 aligned to 128; the caller's again after vdma_bounce_fini(), or
 *		 if this fails
 *
 * Costs one ultracall, and what @config's reach costs to map the pool. On an
 * error nothing stays shared or mapped but what is stuck.
 *
 * Return: VDMA_OK; VDMA_E_INVALID if there is no such pool; or as
 * vdma_shared_get() or vdma_domain_map().
 */
int vdma_bounce_init(struct vdma_bounce *b,
		     const struct vdma_bounce_config *config,
		     void *private_mem);

/**
 * vdma_bounce_fini() - give the pool back
 * @b: a pool whose device was reset
 *
 * Return: VDMA_OK; VDMA_E_BUSY, and nothing is changed, while something is
 * mapped or allocated; VDMA_E_TCE_STUCK or VDMA_E_SHARE_STUCK if the pool could not be
 * taken back from the device or from the hypervisor: it is then kept for good,
 * and @b is no longer to be used, as on success.
 */
int vdma_bounce_fini(struct vdma_bounce *b);

/**
 * vdma_bounce_map() - let the device see a copy of a piece of memory
 * @b: the pool
 * @phys: guest physical address of its first byte
 * @len: in bytes, at least 1
 * @dir: what the device may do with it
 * @flags: VDMA_BOUNCE_NO_COPY: what the device only reads is not copied yet,
 *	   vdma_domain_sync_for_device() will do it
 * @cpu: number of the CPU that it is called on; may be wrong a moment later
 * @dma: on success the address for the device, a multiple of 64
 *
 * As vdma_domain_map(), for adapters that have flags and know their CPU; the audit
 * does not see it.
 *
 * Context: any, interrupts included if @config's lock can be taken there. Does
 * not sleep.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if it is longer than the domain's max_len;
 * VDMA_E_NO_SPACE if there is no room now: worth a retry when something was
 * unmapped. vdma_bounce_full_text() has words for that.
 */
int vdma_bounce_map(struct vdma_bounce *b, uint64_t phys, uint64_t len,
		    enum vdma_dir dir, unsigned int flags, uint32_t cpu,
		    uint64_t *dma);

/**
 * vdma_bounce_unmap() - take the copy away from the device
 * @b: the pool
 * @dma: address that map gave
 * @len: length that it was given
 * @dir: direction that it was given
 * @flags: VDMA_BOUNCE_NO_COPY: what the device has written is not wanted, or was
 *	   fetched by vdma_domain_sync_for_cpu()
 * @cpu: as for vdma_bounce_map(); need not be the same
 *
 * Context: as vdma_bounce_map().
 *
 * Return: VDMA_OK; VDMA_E_INVALID, and nothing is changed, if there is no such
 * mapping.
 */
int vdma_bounce_unmap(struct vdma_bounce *b, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, unsigned int flags, uint32_t cpu);

/**
 * vdma_bounce_alloc() - get memory of the pool that CPU and device share
 * @b: the pool
 * @len: in bytes
 * @align: alignment of both addresses, in bytes; a power of two, at least
 *	   VDMA_UNIT_SIZE
 * @mem: filled in on success; zeroed. vdma_domain_free() gives it back
 *
 * As vdma_domain_alloc(), for adapters that have to align; any context.
 *
 * Return: VDMA_OK; VDMA_E_INVALID; VDMA_E_RANGE if the pool is not that large, or
 * its own addresses are not aligned to that; VDMA_E_NO_SPACE.
 */
int vdma_bounce_alloc(struct vdma_bounce *b, uint64_t len, uint64_t align,
		      struct vdma_memory *mem);

/**
 * vdma_bounce_holds() - does an address belong to the pool?
 * @b: the pool
 * @dma: address for the device
 */
bool vdma_bounce_holds(const struct vdma_bounce *b, uint64_t dma);

/**
 * vdma_bounce_find() - what memory is behind an address
 * @b: the pool
 * @dma: address for the device
 * @phys: on success the guest physical address: of what was mapped, or, for
 *	  allocated memory, of the pool itself
 *
 * Return: VDMA_OK; VDMA_E_INVALID if nothing is mapped or allocated there.
 */
int vdma_bounce_find(const struct vdma_bounce *b, uint64_t dma,
		     uint64_t *phys);

/**
 * vdma_bounce_count() - figures of a pool
 * @b: the pool
 * @counts: filled in; of use also while others map and unmap
 */
void vdma_bounce_count(struct vdma_bounce *b,
		       struct vdma_bounce_counts *counts);

/* Enough for what vdma_bounce_full_text() says with names of 64 characters. */
#define VDMA_BOUNCE_TEXT_MAX	256

/**
 * vdma_bounce_full_text() - one line about a pool that is full
 * @b: the pool
 * @len: what was asked for, in bytes
 * @device: name of the device
 * @parameter: what to raise, as people know it
 * @buf: receives the text, always terminated, without a newline
 * @size: size of @buf in bytes, at least 1
 *
 * Return: length of the whole text; when it is not below @size it was cut.
 */
size_t vdma_bounce_full_text(struct vdma_bounce *b, uint64_t len,
			     const char *device, const char *parameter,
			     char *buf, size_t size);

#endif /* VDMA_BOUNCE_H */
