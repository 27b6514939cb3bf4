/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * TCE windows (LoPAR 3.2.2 and 14.5.4.2), and the domain of mode tce on one.
 */
#ifndef VDMA_TCE_H
#define VDMA_TCE_H

#include <vdma/barrier.h>
#include <vdma/domain.h>
#include <vdma/hcall.h>
#include <vdma/iova.h>
#include <vdma/papr.h>
#include <vdma/reuse.h>
#include <vdma/types.h>

/**
 * struct vdma_tce_list - what H_PUT_TCE_INDIRECT reads entries from
 * @cpu: VDMA_TCE_MOST entries, aligned to 4 KiB; NULL: enter one by one
 * @phys: where that is, guest physical
 *
 * Used under the lock of whoever uses the window.
 */
struct vdma_tce_list {
	struct vdma_be64 *cpu;
	uint64_t phys;
};

/**
 * struct vdma_tce_window - a TCE table
 * @gate: way to the hypervisor
 * @list: for more than one entry at a time
 * @base: DMA address of its first page
 * @pages: how many pages, below VDMA_IOVA_NONE
 * @liobn: its logical I/O bus number
 * @page_shift: log2 of its page size in bytes
 * @no_indirect: the hypervisor has no H_PUT_TCE_INDIRECT; found out
 * @no_stuff: the hypervisor has no H_STUFF_TCE; found out
 * @hcalls: hypercalls made, for figures
 */
struct vdma_tce_window {
	const struct vdma_gate *gate;
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
 * vdma_tce_enter() - let entries point at consecutive memory
 * @window: the table
 * @first: number of the first entry; this one and those behind are zero
 * @n: how many
 * @phys: guest physical address, a multiple of the window's page size
 * @dir: what the device may do there
 *
 * If the hypervisor fails one, those before it are zero again.
 *
 * Return: VDMA_OK; VDMA_E_TCE; VDMA_E_TCE_STUCK if an entry could not be made
 * zero again: none of these may be used any more.
 */
int vdma_tce_enter(struct vdma_tce_window *window, uint64_t first, uint64_t n,
		   uint64_t phys, enum vdma_dir dir);

/**
 * vdma_tce_clear() - make entries zero
 * @window: the table
 * @first: number of the first entry
 * @n: how many
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if the hypervisor fails one.
 */
int vdma_tce_clear(struct vdma_tce_window *window, uint64_t first, uint64_t n);

/**
 * struct vdma_tce_domain - the domain of mode tce
 * @domain: what drivers see
 * @window: the table
 * @iova: which of its addresses are taken
 * @lock: taken around each map and unmap, or NULL
 * @reuse: cache of mappings, or NULL
 * @stuck: pages that can't be used any more
 *
 * But for @domain and @lock it is used under the lock.
 */
struct vdma_tce_domain {
	struct vdma_domain domain;
	struct vdma_tce_window window;
	struct vdma_iova iova;
	const struct vdma_lock *lock;
	struct vdma_reuse *reuse;
	uint64_t stuck;
};

/**
 * vdma_tce_domain_init() - a domain on a TCE window
 * @d: set up on success
 * @pages: where its memory comes from
 * @window: the table, all of whose entries are zero; copied
 * @bits: vdma_iova_size(@window->pages) bytes, aligned to 8
 * @lock: taken around each map and unmap; NULL if there is one CPU
 * @reuse: an empty cache of mappings, vdma_reuse_init(); NULL: each map and
 *	   unmap writes the table
 *
 * In a window that begins at address 0, the first page is left out: a device may
 * take that address for none.
 *
 * Costs without @reuse: one hypercall for each map and each unmap of up to
 * VDMA_TCE_MOST pages. With it, none for a buffer that is in the cache; in
 * exchange the device can reach a buffer after its unmap until it leaves the
 * cache.
 *
 * Return: VDMA_OK; VDMA_E_RANGE if @window is empty, has too many pages, or
 * its end wraps; VDMA_E_INVALID if @reuse has a size that is no power of two.
 */
int vdma_tce_domain_init(struct vdma_tce_domain *d,
			 const struct vdma_pages *pages,
			 const struct vdma_tce_window *window, void *bits,
			 const struct vdma_lock *lock,
			 struct vdma_reuse *reuse);

/**
 * struct vdma_tce_counts - figures of a TCE domain
 * @taken: pages that are taken: mapped, kept for reuse, stuck, or left out
 * @stuck: pages that can't be used any more
 * @hcalls: hypercalls made
 * @hits: maps that needed no hypercall, for the cache had them
 * @misses: maps that the cache did not have
 */
struct vdma_tce_counts {
	uint64_t taken;
	uint64_t stuck;
	uint64_t hcalls;
	uint64_t hits;
	uint64_t misses;
};

/**
 * vdma_tce_domain_count() - figures of a TCE domain
 * @d: the domain
 * @counts: filled in; of use also while others map and unmap
 *
 * Context: as for a map.
 */
void vdma_tce_domain_count(struct vdma_tce_domain *d,
			   struct vdma_tce_counts *counts);

/**
 * vdma_tce_domain_reuse() - switch the cache of mappings on or off
 * @d: the domain
 * @on: off: mappings that are not in use are removed now, others when they are
 *	unmapped
 *
 * Return: VDMA_OK; VDMA_E_TCE_STUCK if one could not be removed.
 */
int vdma_tce_domain_reuse(struct vdma_tce_domain *d, bool on);

#endif /* VDMA_TCE_H */
