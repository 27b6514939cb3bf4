/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA bypass for virtio functions of a pseries machine: the H_DMA_BYPASS
 * hypercall and, for each PCI function, an address space that holds the
 * bypass window beside the PHB's TCE windows.
 *
 * Called from hw/ppc/spapr_pci.c and hw/ppc/spapr.c.
 */
#ifndef HW_VDMA_SPAPR_VDMA_H
#define HW_VDMA_SPAPR_VDMA_H

#include "qemu/queue.h"
#include "vdma/abi.h"

/* Declared again by the headers that define them; this one comes first. */
typedef struct SpaprMachineState SpaprMachineState;
typedef struct SpaprPhbState SpaprPhbState;
typedef struct SpaprVdmaFunction SpaprVdmaFunction;

/**
 * struct SpaprVdmaPhb - what a PHB carries for us, embedded in SpaprPhbState
 * @allowed: the administrator's switch, property "dma-bypass"
 * @functions: one for each (bus, devfn) that was asked for or plugged
 */
typedef struct SpaprVdmaPhb {
    bool allowed;
    QLIST_HEAD(, SpaprVdmaFunction) functions;
} SpaprVdmaPhb;

/**
 * spapr_vdma_enabled() - has the machine H_DMA_BYPASS, capability "dma-bypass"?
 *
 * A machine type that is older than this, and a guest that has come from a QEMU
 * without it, have not.
 */
bool spapr_vdma_enabled(SpaprMachineState *spapr);

/**
 * spapr_vdma_address_space() - where DMA of a function goes
 *
 * The body of the PHB's PCIIOMMUOps.get_address_space. Bus numbers are not
 * known yet when it is first called, therefore @bus.
 */
AddressSpace *spapr_vdma_address_space(SpaprPhbState *phb, PCIBus *bus,
                                       int devfn);

/**
 * spapr_vdma_plug() - a function has been plugged: let its bypass migrate
 */
void spapr_vdma_plug(SpaprPhbState *phb, PCIDevice *dev);

/**
 * spapr_vdma_unplug() - a function is gone: free what was kept for it
 *
 * @dev has been unrealized, so that nothing uses its address space any more.
 */
void spapr_vdma_unplug(SpaprPhbState *phb, PCIDevice *dev);

/**
 * spapr_vdma_phb_reset() - switch bypass off for each function of @phb
 *
 * Its devices have been reset before: no driver is live.
 */
void spapr_vdma_phb_reset(SpaprPhbState *phb);

/**
 * spapr_vdma_phb_close() - close the windows of all functions of @phb
 * @why: what asked for it, for the trace
 */
void spapr_vdma_phb_close(SpaprPhbState *phb, const char *why);

/**
 * spapr_vdma_phb_unrealize() - free everything; all devices are unrealized
 */
void spapr_vdma_phb_unrealize(SpaprPhbState *phb);

/**
 * spapr_vdma_dt_function() - put VDMA_PROP_NAME on a hot-plugged function
 * @fdt: the tree under construction
 * @offset: the function's node
 *
 * Does nothing in the tree that a machine boots with: there the firmware
 * finds out itself and tags the node.
 *
 * Return: 0, or a negative libfdt error.
 */
int spapr_vdma_dt_function(SpaprPhbState *phb, PCIDevice *dev, void *fdt,
                           int offset);

#endif /* HW_VDMA_SPAPR_VDMA_H */
