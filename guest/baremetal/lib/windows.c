// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* TCE windows of this machine, from the device tree */
#include <vdma/error.h>
#include "console.h"
#include "lopar.h"
#include "page.h"
#include "pci.h"
#include "rtas.h"
#include "tree.h"
#include "windows.h"

/* LoPAR 7.3.28: "ibm,ddw-applicable" and "ibm,ddw-extensions" of the PHB */
#define DDW_QUERY	0
#define DDW_CREATE	1
#define DDW_REMOVE	2
#define EXT_COUNT	0
#define EXT_RESET	1
#define EXT_WIDE	2

/* LoPAR B.6.6.1: "ibm,dma-window": LIOBN, base, size; all one cell or two */
#define WINDOW_LIOBN	0
#define WINDOW_BASE	1
#define WINDOW_SIZE	3
#define WINDOW_CELLS	5

#define LIST_LEN	4096

static int32_t window_rtas_call(void *ctx, uint32_t token, const uint32_t *in,
				unsigned int n_in, uint32_t *out, unsigned int n_out)
{
	int status = RTAS_PARAMETER;

	(void)ctx;
	if (token)
		status = rtas_call(token, in, n_in, out + 1, n_out);
	out[0] = (uint32_t)status;
	return status;
}

static uint32_t window_extension(int phb, unsigned int index)
{
	const char *name = "ibm,ddw-extensions";

	if (!tree_cells(phb, name, 1) ||
	    tree_cell(phb, name, EXT_COUNT) < index)
		return 0;
	return tree_cell(phb, name, index);
}

struct vdma_rtas window_rtas(const struct pci_function *pci)
{
	const char *name = "ibm,ddw-applicable";

	/* Token 0 stands for a missing service. */
	if (!tree_cells(pci->phb, name, 1))
		return (struct vdma_rtas){ .call = window_rtas_call };
	return (struct vdma_rtas){
		.call = window_rtas_call,
		.query = tree_cell(pci->phb, name, DDW_QUERY),
		.create = tree_cell(pci->phb, name, DDW_CREATE),
		.remove = tree_cell(pci->phb, name, DDW_REMOVE),
		.reset = window_extension(pci->phb, EXT_RESET),
		.wide = window_extension(pci->phb, EXT_WIDE) == 1,
	};
}

struct vdma_tce_list window_list(void)
{
	void *page = pages_get(LIST_LEN);

	return (struct vdma_tce_list){ page, (uintptr_t)page };
}

/* Clears entries that firmware may have left. */
void window_default(const struct pci_function *pci,
		    const struct vdma_hv_ops *hv,
		    struct vdma_tce_window *window)
{
	const uint32_t *cells = tree_cells(pci->phb, "ibm,dma-window",
					   WINDOW_CELLS);

	if (!cells)
		bail_out("PCI %x: cannot find ibm,dma-window", pci->fn.config_addr);
	*window = (struct vdma_tce_window){
		.hv = hv,
		.liobn = tree_u32(cells, WINDOW_LIOBN),
		.base = tree_u64(cells, WINDOW_BASE),
		.pages = tree_u64(cells, WINDOW_SIZE) >>
			 VDMA_TCE_PAGE_SHIFT_DEFAULT,
		.page_shift = VDMA_TCE_PAGE_SHIFT_DEFAULT,
		.list = window_list(),
	};
	if (vdma_tce_clear(window, 0, window->pages))
		bail_out("PCI %x: cannot clear the default window",
			 pci->fn.config_addr);
}
