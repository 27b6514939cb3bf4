/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* TCE windows of this machine: the PHB's default window and dynamic ones */
#ifndef GUEST_WINDOWS_H
#define GUEST_WINDOWS_H

#include <vdma/ddw.h>
#include <vdma/tce.h>

#include "pci.h"

/* window_rtas() - RTAS for the library, with the PHB's tokens */
struct vdma_rtas window_rtas(const struct pci_function *pci);

/**
 * window_default() - get the PHB's default window and clear its entries
 * @pci: a function
 * @hv: makes the window's hypercalls
 * @window: filled in
 */
void window_default(const struct pci_function *pci,
		    const struct vdma_hv_ops *hv,
		    struct vdma_tce_window *window);

/* window_list() - get a page for H_PUT_TCE_INDIRECT; freed by pages_put() */
struct vdma_tce_list window_list(void);

#endif /* GUEST_WINDOWS_H */
