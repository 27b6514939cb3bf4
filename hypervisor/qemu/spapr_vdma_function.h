/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One PCI function's address space with its bypass window.
 *
 * Private to hw/vdma; the rest of QEMU includes spapr_vdma.h.
 */
#ifndef HW_VDMA_SPAPR_VDMA_FUNCTION_H
#define HW_VDMA_SPAPR_VDMA_FUNCTION_H

#include "compat.h"
#include "hw/pci-host/spapr.h"
#include "qom/object.h"
#include "vdma_bypass.h"

#define TYPE_SPAPR_VDMA_FUNCTION "spapr-vdma-function"
OBJECT_DECLARE_SIMPLE_TYPE(SpaprVdmaFunction, SPAPR_VDMA_FUNCTION)

#define VDMA_WINDOW_BASE (UINT64_C(1) << VDMA_BYPASS_WINDOW_SHIFT)

/**
 * struct SpaprVdmaFunction - a slot of a PHB's PCI bus, occupied or not
 * @name: bus, slot and function for messages; bus numbers are the guest's
 * @enabled: the window is open
 * @window_size: bytes
 * @as: what the function's bus master address space aliases
 * @root: contains @tce and @window
 * @tce: the PHB's TCE and MSI windows
 * @window: RAM and hot-pluggable RAM at VDMA_WINDOW_BASE
 * @guard: with x-ultravisor, the filter in front of all that, else NULL
 *
 * A QOM object because memory regions need an owner that lives until RCU
 * readers are done with them, which is later than unplug.
 */
struct SpaprVdmaFunction {
    Object parent_obj;

    SpaprPhbState *phb;
    PCIBus *bus;
    int devfn;
    char *name;

    bool enabled;
    uint64_t window_size;

    AddressSpace as;
    MemoryRegion root;
    MemoryRegion tce;
    MemoryRegion window;
    struct DmaGuard *guard;

    QLIST_ENTRY(SpaprVdmaFunction) next;
};

/**
 * spapr_vdma_window_size() - bytes from 0 to the end of hot-pluggable RAM
 */
uint64_t spapr_vdma_window_size(void);

/**
 * spapr_vdma_function_get() - find what is kept for a slot, or create it
 */
SpaprVdmaFunction *spapr_vdma_function_get(SpaprPhbState *phb, PCIBus *bus,
                                           int devfn);

/**
 * spapr_vdma_function_free() - undo spapr_vdma_function_get()
 */
void spapr_vdma_function_free(SpaprVdmaFunction *f);

/**
 * spapr_vdma_function_facts() - set the facts that @dev and its PHB decide
 */
void spapr_vdma_function_facts(SpaprPhbState *phb, PCIDevice *dev,
                               struct vdma_bypass_facts *facts);

/**
 * spapr_vdma_function_set() - open or close the window
 * @why: what asked for it, for the trace
 *
 * TCE mappings stay as they are, and at no instant is one of them
 * unreachable: the flat view is replaced as a whole.
 */
void spapr_vdma_function_set(SpaprVdmaFunction *f, bool enabled,
                             const char *why);

/**
 * spapr_vdma_function_migrate() - let the window's state migrate with @dev
 */
void spapr_vdma_function_migrate(SpaprVdmaFunction *f, PCIDevice *dev);

#endif /* HW_VDMA_SPAPR_VDMA_FUNCTION_H */
