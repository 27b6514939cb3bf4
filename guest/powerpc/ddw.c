// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Dynamic DMA windows: RTAS calls, and checks of their results.
 */
#include <vdma/ddw.h>
#include <vdma/error.h>

/* LoPAR 7.3.28.2 to 7.3.28.5: numbers of arguments and of results */
#define PE_IN		3
#define QUERY_OUT	5
#define QUERY_OUT_WIDE	6
#define CREATE_IN	5
#define CREATE_OUT	4

/* The partitionable endpoint: the first arguments of each call */
static void ddw_put_pe(uint32_t *in, const struct vdma_function *fn)
{
	in[0] = fn->config_addr;
	in[1] = (uint32_t)(fn->buid >> 32);
	in[2] = (uint32_t)fn->buid;
}

static uint64_t ddw_page_shifts(uint32_t bits)
{
	static const struct {
		uint16_t bit;
		uint8_t shift;
	} sizes[] = {
#define PAGE_SIZE(bit, shift) { bit, shift },
		VDMA_DDW_PAGE_SIZES(PAGE_SIZE)
#undef PAGE_SIZE
		{ 0, 0 }
	};
	uint64_t shifts = 0;
	unsigned int i;

	for (i = 0; sizes[i].bit; i++)
		if (bits & sizes[i].bit)
			shifts |= (uint64_t)1 << sizes[i].shift;
	return shifts;
}

int vdma_ddw_query(const struct vdma_rtas *rtas,
		   const struct vdma_function *fn,
		   struct vdma_ddw_offer *offer)
{
	uint32_t in[PE_IN], out[QUERY_OUT_WIDE] = { 0 };
	unsigned int n = rtas->wide ? QUERY_OUT_WIDE : QUERY_OUT;

	if (!rtas->query)
		return VDMA_E_UNSUPPORTED;
	ddw_put_pe(in, fn);
	if (rtas->call(rtas->ctx, rtas->query, in, PE_IN, out, n))
		return VDMA_E_RTAS;
	offer->windows = out[1];
	offer->pages = out[2];
	if (rtas->wide)
		offer->pages = offer->pages << 32 | out[3];
	/* The last but one result; the last has page sizes that survive a migration. */
	offer->page_sizes = ddw_page_shifts(out[n - 2]);
	return VDMA_OK;
}

static uint8_t ddw_log2_up(uint64_t size)
{
	return size > 1 ? 64 - (uint8_t)__builtin_clzll(size - 1) : 0;
}

int vdma_ddw_create(const struct vdma_rtas *rtas,
		    const struct vdma_function *fn, uint8_t page_shift,
		    uint64_t size, struct vdma_tce_window *window)
{
	uint64_t page = (uint64_t)1 << page_shift;
	uint32_t in[CREATE_IN], out[CREATE_OUT] = { 0 };

	ddw_put_pe(in, fn);
	in[3] = page_shift;
	in[4] = ddw_log2_up(size);
	if (in[4] < page_shift)
		in[4] = page_shift;
	if (rtas->call(rtas->ctx, rtas->create, in, CREATE_IN, out,
		       CREATE_OUT))
		return VDMA_E_RTAS;
	window->liobn = out[1];
	window->base = (uint64_t)out[2] << 32 | out[3];
	window->page_shift = page_shift;
	window->pages = (size + (page - 1)) >> page_shift;
	window->no_indirect = false;
	window->no_stuff = false;
	window->hcalls = 0;
	if (window->base & (page - 1) ||
	    window->base + (size - 1) < window->base) {
		vdma_ddw_remove(rtas, window);
		return VDMA_E_DISAGREES;
	}
	return VDMA_OK;
}

int vdma_ddw_remove(const struct vdma_rtas *rtas,
		    const struct vdma_tce_window *window)
{
	uint32_t in = window->liobn, out = 0;

	return rtas->call(rtas->ctx, rtas->remove, &in, 1, &out, 1) ?
	       VDMA_E_RTAS : VDMA_OK;
}

int vdma_ddw_reset(const struct vdma_rtas *rtas, const struct vdma_function *fn)
{
	uint32_t in[PE_IN], out = 0;

	if (!rtas->reset)
		return VDMA_E_UNSUPPORTED;
	ddw_put_pe(in, fn);
	return rtas->call(rtas->ctx, rtas->reset, in, PE_IN, &out, 1) ?
	       VDMA_E_RTAS : VDMA_OK;
}

/* Largest page size that divides @size and does not need more pages than offered */
static uint8_t ddw_best_page(const struct vdma_ddw_offer *offer, uint64_t size)
{
	uint8_t shift;

	for (shift = 63; shift; shift--) {
		uint64_t page = (uint64_t)1 << shift;

		if (offer->page_sizes & page && !(size & (page - 1)) &&
		    size >> shift <= offer->pages)
			return shift;
	}
	return 0;
}

int vdma_ddw_identity(const struct vdma_rtas *rtas,
		      const struct vdma_function *fn, uint64_t memory_end,
		      struct vdma_tce_window *window)
{
	struct vdma_ddw_offer offer;
	uint8_t shift;
	int error = vdma_ddw_query(rtas, fn, &offer);

	if (error)
		return error;
	if (!offer.windows)
		return VDMA_E_NO_SPACE;
	shift = ddw_best_page(&offer, memory_end);
	if (!memory_end || !shift)
		return VDMA_E_RANGE;
	error = vdma_ddw_create(rtas, fn, shift, memory_end, window);
	if (error)
		return error;
	error = vdma_tce_enter(window, 0, window->pages, 0, VDMA_BIDIRECTIONAL);
	if (error)
		vdma_ddw_remove(rtas, window);
	return error;
}
