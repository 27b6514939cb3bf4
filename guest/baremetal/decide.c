// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The facts about a device, for vdma_decide(): what the Linux module collects,
 * as this program sees it.
 */
#include <vdma/abi.h>

#include "decide.h"
#include "window.h"

static enum vdma_answer ask(const struct pci_function *pci,
			    struct vdma_window *window)
{
	struct vdma_bypass reply;

	if (!tree_has_hypertas(VDMA_HYPERTAS_NAME))
		return VDMA_ANSWER_MISSING;
	if (vdma_bypass_query(&guest_gate, &pci->fn, &reply) ||
	    !reply.supported)
		return VDMA_ANSWER_REFUSED;
	*window = reply.window;
	return VDMA_ANSWER_GRANTED;
}

static enum vdma_ddw ddw(const struct pci_function *pci)
{
	struct vdma_rtas rtas = rtas_of(pci);
	struct vdma_ddw_offer offer;
	unsigned int shift;

	if (vdma_ddw_query(&rtas, &pci->fn, &offer) || !offer.windows)
		return VDMA_DDW_ABSENT;
	for (shift = 12; shift < 64; shift++) {
		if (offer.page_sizes >> shift & 1 &&
		    memory_end() >> shift <= offer.pages)
			return VDMA_DDW_COVERS;
	}
	return VDMA_DDW_TOO_SMALL;
}

void decide(const struct pci_function *pci, uint64_t features,
	    struct vdma_decision *decision)
{
	struct vdma_facts facts = {
		.features = features,
		.dma_mask = ~0ull,
		.memory_end = memory_end(),
		.coherent = true,
		.secure = secure_vm(),
		.secure_quirk = arg_number("quirk", 1),
		.pool = arg_number("pool", 1) != 0,
		.request = VDMA_MODE_AUTO,
		.live = VDMA_MODE_AUTO,
	};

	facts.property = device_property(pci, &facts.property_window);
	facts.answer = ask(pci, &facts.answer_window);
	facts.ddw = ddw(pci);
	/* Where it will be is known when it is made; the mask reaches all. */
	facts.ddw_window = (struct vdma_window){ 0, memory_end() };
	vdma_decide(&facts, decision);
}
