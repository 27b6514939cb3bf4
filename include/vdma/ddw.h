/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Dynamic DMA windows (LoPAR 7.3.28), through RTAS
 */
#ifndef VDMA_DDW_H
#define VDMA_DDW_H

#include <vdma/hcall.h>
#include <vdma/tce.h>
#include <vdma/types.h>

/**
 * struct vdma_rtas - how to call RTAS, and the tokens of its services
 * @call: makes a call with @n_in arguments and @n_out results, the first being the status
 *	  (LoPAR 7.2.8); returns the status. The adapter converts to big endian and
 *	  serializes calls
 * @ctx: passed to @call
 * @query: token of ibm,query-pe-dma-window, first cell of "ibm,ddw-applicable";
 *	   0 if absent
 * @create: token of ibm,create-pe-dma-window, second cell
 * @remove: token of ibm,remove-pe-dma-window, third cell
 * @reset: token of ibm,reset-pe-dma-windows, second cell of
 *	   "ibm,ddw-extensions"; 0 if absent
 * @wide: third cell of "ibm,ddw-extensions": true if 1: query returns the largest window
 *	  in two cells (LoPAR 7.3.28.2)
 */
struct vdma_rtas {
	int32_t (*call)(void *ctx, uint32_t token, const uint32_t *in,
			unsigned int n_in, uint32_t *out, unsigned int n_out);
	void *ctx;
	uint32_t query;
	uint32_t create;
	uint32_t remove;
	uint32_t reset;
	bool wide;
};

/**
 * struct vdma_ddw_offer - available windows
 * @windows: number of windows that can still be created
 * @pages: maximum number of pages in a window
 * @page_sizes: bit N: pages of 2^N bytes
 */
struct vdma_ddw_offer {
	uint32_t windows;
	uint64_t pages;
	uint64_t page_sizes;
};

/**
 * vdma_ddw_query() - query available windows
 * @rtas: how to call RTAS
 * @fn: any function of the partitionable endpoint
 * @offer: filled in on success
 *
 * Return: VDMA_OK; VDMA_E_UNSUPPORTED if RTAS has no such call; VDMA_E_RTAS.
 */
int vdma_ddw_query(const struct vdma_rtas *rtas,
		   const struct vdma_function *fn,
		   struct vdma_ddw_offer *offer);

/**
 * vdma_ddw_create() - create a window
 * @rtas: how to call RTAS
 * @fn: the function
 * @page_shift: log2 of its page size, as offered by ibm,query-pe-dma-window
 * @size: in bytes; rounded up to a power of two
 * @window: @hv and @list must be set; the other members are filled in. @pages covers
 *	    @size, though the window may be larger
 *
 * Return: VDMA_OK; VDMA_E_RTAS; VDMA_E_DISAGREES if the new window is not plausible, and
 * it is removed.
 */
int vdma_ddw_create(const struct vdma_rtas *rtas,
		    const struct vdma_function *fn, uint8_t page_shift,
		    uint64_t size, struct vdma_tce_window *window);

/**
 * vdma_ddw_remove() - remove a window
 * @rtas: how to call RTAS
 * @window: a window no longer in use; may be the default window
 *
 * Return: VDMA_OK; VDMA_E_RTAS.
 */
int vdma_ddw_remove(const struct vdma_rtas *rtas,
		    const struct vdma_tce_window *window);

/**
 * vdma_ddw_reset() - remove all dynamic windows and restore the default one
 * @rtas: how to call RTAS
 * @fn: the function
 *
 * Return: VDMA_OK; VDMA_E_UNSUPPORTED if RTAS has no such call; VDMA_E_RTAS.
 */
int vdma_ddw_reset(const struct vdma_rtas *rtas,
		   const struct vdma_function *fn);

/**
 * vdma_ddw_identity() - create a window that maps all memory
 * @rtas: how to call RTAS
 * @fn: the function
 * @memory_end: first guest physical address beyond all memory
 * @window: as for vdma_ddw_create()
 *
 * Uses the largest page size offered that divides @memory_end. To set up a domain on it,
 * pass a &struct vdma_window of @window's base and @memory_end to vdma_domain_identity().
 *
 * Return: VDMA_OK; as vdma_ddw_query(); VDMA_E_NO_SPACE if no window is left; VDMA_E_RANGE
 * if no window can be that large; or as vdma_ddw_create() and vdma_tce_enter(), and the
 * window is removed again.
 */
int vdma_ddw_identity(const struct vdma_rtas *rtas,
		      const struct vdma_function *fn, uint64_t memory_end,
		      struct vdma_tce_window *window);

#endif /* VDMA_DDW_H */
