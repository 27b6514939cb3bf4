/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA bypass for virtio functions of a pseries machine: the H_DMA_BYPASS
 * hypercall, and for each PCI function an address space with the bypass window
 * and the PHB's TCE windows.
 *
 * Called from hw/ppc/spapr_pci.c and hw/ppc/spapr.c.
 */
#ifndef HW_VDMA_SPAPR_VDMA_H
#define HW_VDMA_SPAPR_VDMA_H

#include "qemu/queue.h"
#include "vdma/abi.h"

/* Their headers include this one. */
typedef struct SpaprMachineState SpaprMachineState;
typedef struct SpaprPhbState SpaprPhbState;
typedef struct SpaprVdmaFunction SpaprVdmaFunction;

/**
 * struct SpaprVdmaPhb - our part of SpaprPhbState
 * @allowed: the administrator's switch, property "dma-bypass"
 * @functions: one for each (bus, devfn) that was looked up or plugged
 */
typedef struct SpaprVdmaPhb {
    bool allowed;
    QLIST_HEAD(, SpaprVdmaFunction) functions;
} SpaprVdmaPhb;

/**
 * spapr_vdma_enabled() - does the machine have H_DMA_BYPASS?
 *
 * Its capability "dma-bypass" says so: older machine types do not, nor does a
 * guest that has migrated from a QEMU without it.
 */
bool spapr_vdma_enabled(SpaprMachineState *spapr);

/**
 * spapr_vdma_window_size() - bytes from 0 to the end of pluggable RAM
 */
uint64_t spapr_vdma_window_size(void);

/**
 * spapr_vdma_address_space() - get the address space of a function
 *
 * The body of the PHB's PCIIOMMUOps.get_address_space. It takes @bus because
 * the guest has not numbered the buses when it is first called.
 */
AddressSpace *spapr_vdma_address_space(SpaprPhbState *phb, PCIBus *bus,
                                       int devfn);

/**
 * spapr_vdma_plug() - let the bypass of a plugged function migrate
 */
void spapr_vdma_plug(SpaprPhbState *phb, PCIDevice *dev);

/**
 * spapr_vdma_unplug() - free the address space of an unplugged function
 *
 * @dev is unrealized, so nothing uses the address space.
 */
void spapr_vdma_unplug(SpaprPhbState *phb, PCIDevice *dev);

/**
 * spapr_vdma_phb_reset() - disable bypass of all functions of @phb
 *
 * Its devices are reset already: no driver is live.
 */
void spapr_vdma_phb_reset(SpaprPhbState *phb);

/**
 * spapr_vdma_phb_close() - close the windows of all functions of @phb
 * @why: the reason, for the trace
 */
void spapr_vdma_phb_close(SpaprPhbState *phb, const char *why);

/**
 * spapr_vdma_phb_unrealize() - free all functions; their devices are unrealized
 */
void spapr_vdma_phb_unrealize(SpaprPhbState *phb);

/**
 * spapr_vdma_dt_function() - put VDMA_PROP_NAME on a hot-plugged function
 * @fdt: the tree under construction
 * @offset: the function's node
 *
 * Leaves the tree that a machine boots with alone: the firmware tags that.
 *
 * Return: 0, or a negative libfdt error.
 */
int spapr_vdma_dt_function(SpaprPhbState *phb, PCIDevice *dev, void *fdt,
                           int offset);

#endif /* HW_VDMA_SPAPR_VDMA_H */
