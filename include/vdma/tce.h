/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * TCE windows (LoPAR 3.2.2 and 14.5.4.2), and the domain of mode tce on one.
 */
#ifndef VDMA_TCE_H
#define VDMA_TCE_H

#include <vdma/barrier.h>
#include <vdma/domain.h>
#include <vdma/hcall.h>
#include <vdma/papr.h>
#include <vdma/types.h>

/**
 * struct vdma_tce_list - buffer from which H_PUT_TCE_INDIRECT reads entries
 * @cpu: VDMA_TCE_MOST entries, aligned to 4 KiB; NULL: enter one by one
 * @phys: its guest physical address
 *
 * Used under the lock of the window's user.
 */
struct vdma_tce_list {
	struct vdma_be64 *cpu;
	uint64_t phys;
};

/**
 * struct vdma_tce_window - a TCE table
 * @hv: makes hypercalls
 * @list: for several entries at a time
 * @base: DMA address of its first page
 * @pages: number of pages, below 2^32 - 1
 * @liobn: its logical I/O bus number
 * @page_shift: log2 of its page size in bytes
 * @no_indirect: the hypervisor has no H_PUT_TCE_INDIRECT; probed
 * @no_stuff: the hypervisor has no H_STUFF_TCE; probed
 * @hcalls: hypercalls made, for statistics
 */
struct vdma_tce_window {
	const struct vdma_hv_ops *hv;
	struct vdma_tce_list list;
	uint64_t base;
	uint64_t pages;
	uint32_t liobn;
	uint8_t page_shift;
	bool no_indirect;
	bool no_stuff;
	uint64_t hcalls;
};

/**
 * vdma_tce_enter() - map consecutive memory by consecutive entries
 * @window: the table
 * @first: number of the first entry; all entries must be zero
 * @n: number of entries
 * @phys: guest physical address, a multiple of the window's page size
 * @dir: access that the device has
 *
 * If the hypervisor fails to enter one, those before it are cleared again.
 *
 * Return: VDMA_OK; VDMA_E_TCE; VDMA_E_TCE_STUCK if an entry could not be cleared: these
 * entries must not be used any more.
 */
int vdma_tce_enter(struct vdma_tce_window *window, uint64_t first, uint64_t n,
		   uint64_t phys, enum vdma_dir dir);

/**
 * vdma_tce_clear() - clear entries
 * @window: the table
 * @first: number of the first entry
 * @n: number of entries
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if the hypervisor fails to clear an entry.
 */
int vdma_tce_clear(struct vdma_tce_window *window, uint64_t first, uint64_t n);

struct vdma_iova;
struct vdma_map_cache;

/**
 * struct vdma_tce_domain - a domain of mode tce
 * @domain: the domain for drivers
 * @window: the table; used under @lock
 * @lock: held during each map and unmap, or NULL
 */
struct vdma_tce_domain {
	struct vdma_domain domain;
	struct vdma_tce_window window;
	const struct vdma_lock *lock;

	/* private: */
	struct vdma_iova *iova;
	struct vdma_map_cache *cache;
	uint64_t stuck;
};

/**
 * vdma_tce_domain_private_size() - private memory that a domain needs
 * @window: the table
 * @cached: as for vdma_tce_domain_init()
 *
 * Return: bytes; 0 if @window is empty, has too many pages, or its end wraps.
 */
size_t vdma_tce_domain_private_size(const struct vdma_tce_window *window,
				    uint32_t cached);

/**
 * vdma_tce_domain_init() - set up a domain on a TCE window
 * @d: initialized on success
 * @pages: where its memory comes from
 * @window: the table, all of whose entries are zero; copied
 * @cached: maximum number of mappings kept after their unmap, a power of two; 0: each
 *	    map and unmap writes the table
 * @lock: held during each map and unmap; NULL if there is one CPU
 * @private_mem: vdma_tce_domain_private_size() bytes, aligned to 8
 *
 * If the window starts at address 0, its first page is not used: a device may treat
 * that address as invalid.
 *
 * Costs without a cache: one hypercall for each map and each unmap of up to
 * VDMA_TCE_MOST pages. With a cache: none for a cached buffer, but the
 * device can reach a buffer after its unmap until the buffer leaves the cache.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if @window is empty, has too many pages, or its end
 * wraps; VDMA_E_INVALID if @cached is not a power of two.
 */
int vdma_tce_domain_init(struct vdma_tce_domain *d,
			 const struct vdma_pages *pages,
			 const struct vdma_tce_window *window, uint32_t cached,
			 const struct vdma_lock *lock, void *private_mem);

/**
 * struct vdma_tce_counts - statistics of a TCE domain
 * @used: pages in use: mapped, cached, stuck, or skipped at address 0
 * @stuck: pages that cannot be used any more
 * @hcalls: hypercalls made
 * @hits: maps that found their mapping in the cache
 * @misses: maps that did not
 */
struct vdma_tce_counts {
	uint64_t used;
	uint64_t stuck;
	uint64_t hcalls;
	uint64_t hits;
	uint64_t misses;
};

/**
 * vdma_tce_domain_count() - statistics of a TCE domain
 * @d: the domain
 * @counts: filled in; usable while others map and unmap
 *
 * Context: as for a map.
 */
void vdma_tce_domain_count(struct vdma_tce_domain *d,
			   struct vdma_tce_counts *counts);

/**
 * vdma_tce_domain_reuse() - switch the cache of mappings on or off
 * @d: the domain
 * @on: false: mappings that are not in use are removed now, others at their unmap
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if a mapping could not be removed.
 */
int vdma_tce_domain_reuse(struct vdma_tce_domain *d, bool on);

#endif /* VDMA_TCE_H */
