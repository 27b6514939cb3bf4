/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Decides about a device from the facts of this machine. */
#ifndef GUEST_DECIDE_H
#define GUEST_DECIDE_H

#include <vdma/policy.h>

#include "pci.h"

/**
 * decide() - collect the facts about a function and take the decision
 * @pci: the function
 * @features: feature bits that it offers
 * @decision: filled in
 */
void decide(const struct pci_function *pci, uint64_t features,
	    struct vdma_decision *decision);

#endif /* GUEST_DECIDE_H */
