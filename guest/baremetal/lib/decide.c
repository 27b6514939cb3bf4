// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Collects the facts about a device for vdma_decide(), as the Linux module does. The
 * library reads those that the device tree has.
 */
#include <libfdt.h>
#include <vdma/abi.h>
#include <vdma/dt.h>
#include <vdma/error.h>
#include "args.h"
#include "console.h"
#include "decide.h"
#include "hypercall.h"
#include "of.h"
#include "page.h"
#include "pci.h"
#include "tree.h"
#include "ultravisor.h"
#include "windows.h"

/*
 * Facts from this program or the command line; all others come from the tree. An
 * iommu=off for Linux does not matter: this program sets the IOMMU up.
 */
#define KNOWN	(1u << VDMA_DT_F | 1u << VDMA_DT_V1 | 1u << VDMA_DT_HCALL | \
		 1u << VDMA_DT_DDW | 1u << VDMA_DT_IOMMU_OFF |		    \
		 1u << VDMA_DT_SECURE | 1u << VDMA_DT_QUIRK |		    \
		 1u << VDMA_DT_POOL)

static void decide_find_function(const struct pci_function *pci, struct vdma_dt *dt,
				 struct vdma_dt_function *fn)
{
	static struct vdma_dt_cursor cursor;
	int error = vdma_dt_open(dt, of_tree(), fdt_totalsize(of_tree()));

	if (error)
		bail_out("cannot read the device tree: %s", vdma_strerror(error));
	vdma_dt_start(&cursor, dt);
	do {
		error = vdma_dt_next(&cursor, fn);
	} while (error == 1 && fn->node != pci->node);
	if (error != 1)
		bail_out("PCI %x: cannot find its node: %s", pci->fn.config_addr,
			 vdma_strerror(error));
}

static enum vdma_answer decide_ask(const struct pci_function *pci,
				   struct vdma_window *window)
{
	struct vdma_bypass reply;

	if (!tree_has_hypertas(VDMA_HYPERTAS_NAME))
		return VDMA_ANSWER_MISSING;
	if (vdma_bypass_query(&guest_hv, &pci->fn, &reply) ||
	    !reply.supported)
		return VDMA_ANSWER_REFUSED;
	*window = reply.window;
	return VDMA_ANSWER_GRANTED;
}

static enum vdma_ddw decide_ddw(const struct pci_function *pci, uint64_t end)
{
	struct vdma_rtas rtas = window_rtas(pci);
	struct vdma_ddw_offer offer;
	unsigned int shift;

	if (vdma_ddw_query(&rtas, &pci->fn, &offer) || !offer.windows)
		return VDMA_DDW_ABSENT;
	for (shift = 12; shift < 64; shift++) {
		if (offer.page_sizes >> shift & 1 && end >> shift <= offer.pages)
			return VDMA_DDW_COVERS;
	}
	return VDMA_DDW_TOO_SMALL;
}

void decide(const struct pci_function *pci, uint64_t features,
	    struct vdma_decision *decision)
{
	struct vdma_dt_assume assume = {
		.given = KNOWN,
		.facts = {
			.features = features,
			.secure = secure_vm(),
			.secure_quirk = arg_number("quirk", 1),
			.pool = arg_number("pool", 1) != 0,
		},
	};
	struct vdma_dt_function fn;
	struct vdma_facts facts;
	struct vdma_dt dt;

	decide_find_function(pci, &dt, &fn);
	assume.facts.answer = decide_ask(pci, &assume.facts.answer_window);
	assume.facts.ddw = decide_ddw(pci, dt.memory_end);
	vdma_dt_facts(&dt, &fn, &assume, &facts, NULL);
	vdma_decide(&facts, decision);
}
