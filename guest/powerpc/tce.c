// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Writes TCE tables: as many entries per hypercall as the hypervisor supports, and all
 * or none.
 */
#include <vdma/barrier.h>
#include <vdma/error.h>
#include <vdma/tce.h>

static int64_t tce_call(struct vdma_tce_window *w, uint64_t opcode,
			uint64_t entry, uint64_t value, uint64_t count)
{
	struct vdma_hcall hcall = {
		.opcode = opcode,
		.in = { w->liobn, w->base + (entry << w->page_shift), value,
			count },
	};

	w->hcalls++;
	return w->hv->hcall(w->hv->ctx, &hcall);
}

static uint64_t tce_value(uint64_t phys, enum vdma_dir dir)
{
	return phys | (dir & VDMA_TO_DEVICE ? VDMA_TCE_READ : 0) |
	       (dir & VDMA_FROM_DEVICE ? VDMA_TCE_WRITE : 0);
}

static uint64_t tce_at_most(uint64_t n)
{
	return n < VDMA_TCE_MOST ? n : VDMA_TCE_MOST;
}

/* Enters up to VDMA_TCE_MOST entries; H_FUNCTION if the hypervisor lacks the call. */
static int64_t tce_put_indirect(struct vdma_tce_window *w, uint64_t entry,
				uint64_t n, uint64_t tce)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		vdma_be64_set(&w->list.cpu[i], tce + (i << w->page_shift));
	return tce_call(w, VDMA_H_PUT_TCE_INDIRECT, entry, w->list.phys, n);
}

/* Enters some entries; sets @n to how many it tried. */
static int64_t tce_put_some(struct vdma_tce_window *w, uint64_t entry,
			    uint64_t *n, uint64_t tce)
{
	if (*n > 1 && w->list.cpu && !w->no_indirect) {
		int64_t status;

		*n = tce_at_most(*n);
		status = tce_put_indirect(w, entry, *n, tce);
		if (status != VDMA_H_FUNCTION)
			return status;
		w->no_indirect = true;
	}
	*n = 1;
	return tce_call(w, VDMA_H_PUT_TCE, entry, tce, 0);
}

int vdma_tce_enter(struct vdma_tce_window *window, uint64_t first, uint64_t n,
		   uint64_t phys, enum vdma_dir dir)
{
	uint64_t done = 0;

	while (done < n) {
		uint64_t some = n - done;
		uint64_t at = phys + (done << window->page_shift);
		int64_t status = tce_put_some(window, first + done, &some,
					      tce_value(at, dir));

		done += some;
		/* A call that failed may have entered some. */
		if (status != VDMA_H_SUCCESS)
			return vdma_tce_clear(window, first, done) ?:
			       VDMA_E_TCE;
	}
	return VDMA_OK;
}

static int64_t tce_clear_some(struct vdma_tce_window *w, uint64_t entry,
			      uint64_t *n)
{
	if (!w->no_stuff) {
		int64_t status;

		*n = tce_at_most(*n);
		status = tce_call(w, VDMA_H_STUFF_TCE, entry, 0, *n);
		if (status != VDMA_H_FUNCTION)
			return status;
		w->no_stuff = true;
	}
	*n = 1;
	return tce_call(w, VDMA_H_PUT_TCE, entry, 0, 0);
}

int vdma_tce_clear(struct vdma_tce_window *window, uint64_t first, uint64_t n)
{
	int error = VDMA_OK;

	/* Go on after a failure: each entry cleared is one less to worry about. */
	while (n) {
		uint64_t some = n;

		if (tce_clear_some(window, first, &some) != VDMA_H_SUCCESS)
			error = VDMA_E_TCE_STUCK;
		first += some;
		n -= some;
	}
	return error;
}
