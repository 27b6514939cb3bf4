/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Dynamic DMA windows (LoPAR 7.3.28), through RTAS.
 */
#ifndef VDMA_DDW_H
#define VDMA_DDW_H

#include <vdma/hcall.h>
#include <vdma/tce.h>
#include <vdma/types.h>

/**
 * struct vdma_rtas - the way to RTAS, and the tokens of its services
 * @call: makes a call with @n_in arguments and @n_out results, the first of
 *	  which is the status (LoPAR 7.2.8); big endian is the adapter's
 *	  concern; serialised by the adapter; returns the status
 * @ctx: handed to @call
 * @query: token of ibm,query-pe-dma-window, first cell of "ibm,ddw-applicable";
 *	   0 if absent
 * @create: token of ibm,create-pe-dma-window, second cell
 * @remove: token of ibm,remove-pe-dma-window, third cell
 * @reset: token of ibm,reset-pe-dma-windows, second cell of
 *	   "ibm,ddw-extensions"; 0 if absent
 * @wide: third cell of "ibm,ddw-extensions": 1 if query gives the largest
 *	  window in two cells (LoPAR 7.3.28.2)
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
 * @windows: how many more windows can be made
 * @pages: the largest number of pages that one can have
 * @page_sizes: bit N: pages of 2^N bytes
 */
struct vdma_ddw_offer {
	uint32_t windows;
	uint64_t pages;
	uint64_t page_sizes;
};

/**
 * vdma_ddw_query() - query available windows
 * @rtas: way to RTAS
 * @fn: any function of the partitionable endpoint
 * @offer: filled in on success
 *
 * Return: VDMA_OK; VDMA_E_UNSUPPORTED if RTAS has no such call; VDMA_E_RTAS.
 */
int vdma_ddw_query(const struct vdma_rtas *rtas,
		   const struct vdma_function *fn,
		   struct vdma_ddw_offer *offer);

/**
 * vdma_ddw_create() - make a window
 * @rtas: way to RTAS
 * @fn: the function
 * @page_shift: log2 of its page size, as offered by ibm,query-pe-dma-window
 * @size: in bytes; rounded up to a power of two
 * @window: @hv and @list are taken as they are; the rest is filled in, and
 *	    @pages is what @size takes, though the window may be larger
 *
 * Return: VDMA_OK; VDMA_E_RTAS; VDMA_E_DISAGREES if the new window can't be
 * right: it is removed.
 */
int vdma_ddw_create(const struct vdma_rtas *rtas,
		    const struct vdma_function *fn, uint8_t page_shift,
		    uint64_t size, struct vdma_tce_window *window);

/**
 * vdma_ddw_remove() - remove a window
 * @rtas: way to RTAS
 * @window: a window no longer in use; may be the default window
 *
 * Return: VDMA_OK; VDMA_E_RTAS.
 */
int vdma_ddw_remove(const struct vdma_rtas *rtas,
		    const struct vdma_tce_window *window);

/**
 * vdma_ddw_reset() - have only the default window, as after a boot
 * @rtas: way to RTAS
 * @fn: the function
 *
 * Return: VDMA_OK; VDMA_E_UNSUPPORTED if RTAS has no such call; VDMA_E_RTAS.
 */
int vdma_ddw_reset(const struct vdma_rtas *rtas,
		   const struct vdma_function *fn);

/**
 * vdma_ddw_identity() - make a window and let it map all memory
 * @rtas: way to RTAS
 * @fn: the function
 * @memory_end: first guest physical address beyond all memory
 * @window: as for vdma_ddw_create()
 *
 * Takes the largest page size offered that @memory_end is a multiple of. Then
 * vdma_domain_identity() with a &struct vdma_window of @window's base and
 * @memory_end makes it a domain.
 *
 * Return: VDMA_OK; as vdma_ddw_query(); VDMA_E_NO_SPACE if no window is left;
 * VDMA_E_RANGE if none can be that large; or as vdma_ddw_create() and
 * vdma_tce_enter(), and the window is removed again.
 */
int vdma_ddw_identity(const struct vdma_rtas *rtas,
		      const struct vdma_function *fn, uint64_t memory_end,
		      struct vdma_tce_window *window);

#endif /* VDMA_DDW_H */
