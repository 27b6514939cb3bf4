// SPDX-License-Identifier: GPL-2.0-or-later
/* Dynamic windows: created, exhausted, removed, reset, and not supported */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/device.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/tree.h"
#include "lib/windows.h"

static struct vdma_tce_window blank(void)
{
	struct vdma_tce_window window = { .hv = &guest_hv,
					  .list = window_list() };

	return window;
}

static bool offered(const struct vdma_rtas *rtas,
		    const struct vdma_function *fn, uint32_t windows)
{
	struct vdma_ddw_offer offer;

	return !vdma_ddw_query(rtas, fn, &offer) && offer.windows == windows;
}

/* Windows come and go as RTAS says; QEMU has one besides the default window. */
static void ddw(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = window_rtas(pci);
	struct vdma_tce_window window = blank(), second = blank();
	struct vdma_ddw_offer offer;
	int error;

	report(!vdma_ddw_query(&rtas, &pci->fn, &offer) && offer.windows == 1,
	       "%u window, page sizes 0x%lx", offer.windows, offer.page_sizes);
	error = vdma_ddw_identity(&rtas, &pci->fn, memory_end(), &window);
	report(!error && window.pages << window.page_shift >= memory_end(),
	       "identity: %s, at 0x%lx, pages of 2^%u", vdma_strerror(error),
	       window.base, window.page_shift);
	report(offered(&rtas, &pci->fn, 0), "no window is left");
	error = vdma_ddw_identity(&rtas, &pci->fn, memory_end(), &second);
	report(error == VDMA_E_NO_SPACE, "another one: %s", vdma_strerror(error));
	error = vdma_ddw_remove(&rtas, &window);
	report(!error && offered(&rtas, &pci->fn, 1), "remove: %s",
	       vdma_strerror(error));
	error = vdma_ddw_remove(&rtas, &window);
	report(error == VDMA_E_RTAS, "remove it again: %s",
	       vdma_strerror(error));

	error = vdma_ddw_create(&rtas, &pci->fn, 16, GIB, &window);
	report(!error, "create: %s", vdma_strerror(error));
	error = vdma_ddw_reset(&rtas, &pci->fn);
	report(!error && offered(&rtas, &pci->fn, 1), "reset: %s",
	       vdma_strerror(error));
	error = vdma_ddw_identity(&rtas, &pci->fn, 1ul << 62, &window);
	report(error == VDMA_E_RANGE && offered(&rtas, &pci->fn, 1),
	       "memory that no window can map: %s", vdma_strerror(error));
	pages_put(window.list.cpu, 4096);
	pages_put(second.list.cpu, 4096);
}

GUEST_TEST(ddw, ddw);

/* The library finds no dynamic windows on a PHB without them. */
static void ddw_absent(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = { 0 };
	struct vdma_ddw_offer offer;

	report(pci && !tree_cells(pci->phb, "ibm,ddw-applicable", 1),
	       "the PHB has no dynamic windows");
	rtas = window_rtas(pci);
	report(vdma_ddw_query(&rtas, &pci->fn, &offer), "query fails");
}

GUEST_TEST(ddw_absent, ddw_absent);
