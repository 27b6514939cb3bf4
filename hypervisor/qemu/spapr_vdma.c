/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA bypass for virtio functions of a pseries machine: the hypercall, the
 * device-tree property, and what a PHB calls.
 *
 * Which answer a call gets is decided in vdma_bypass.c; what a window is, in
 * spapr_vdma_function.c.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/ppc/spapr.h"
#include <libfdt.h>
#include "spapr_vdma_function.h"
#include "trace.h"

AddressSpace *spapr_vdma_address_space(SpaprPhbState *phb, PCIBus *bus,
                                       int devfn)
{
    PCIDevice *dev = bus->devices[devfn];

    /* All functions of a VFIO group must be in one address space. */
    if (dev && object_dynamic_cast(OBJECT(dev), "vfio-pci")) {
        return &phb->iommu_as;
    }
    return &spapr_vdma_function_get(phb, bus, devfn)->as;
}

static SpaprVdmaFunction *spapr_vdma_function(SpaprPhbState *phb,
                                              PCIDevice *dev)
{
    return spapr_vdma_function_get(phb, pci_get_bus(dev), dev->devfn);
}

void spapr_vdma_plug(SpaprPhbState *phb, PCIDevice *dev)
{
    spapr_vdma_function_migrate(spapr_vdma_function(phb, dev), dev);
}

void spapr_vdma_unplug(SpaprPhbState *phb, PCIDevice *dev)
{
    spapr_vdma_function_free(spapr_vdma_function(phb, dev));
}

void spapr_vdma_phb_close(SpaprPhbState *phb, const char *why)
{
    SpaprVdmaFunction *f;

    QLIST_FOREACH(f, &phb->vdma.functions, next) {
        spapr_vdma_function_set(f, false, why);
    }
}

void spapr_vdma_phb_reset(SpaprPhbState *phb)
{
    spapr_vdma_phb_close(phb, "reset");
}

void spapr_vdma_phb_unrealize(SpaprPhbState *phb)
{
    SpaprVdmaFunction *f, *next;

    QLIST_FOREACH_SAFE(f, &phb->vdma.functions, next, next) {
        spapr_vdma_function_free(f);
    }
}

int spapr_vdma_dt_function(SpaprPhbState *phb, PCIDevice *dev, void *fdt,
                           int offset)
{
    uint64_t size = spapr_vdma_window_size();
    struct vdma_bypass_facts facts = {};
    struct {
        uint32_t hypercall;
        uint64_t base;
        uint64_t size;
    } QEMU_PACKED cells = {
        cpu_to_be32(VDMA_H_DMA_BYPASS),
        cpu_to_be64(VDMA_WINDOW_BASE),
        cpu_to_be64(size),
    };

    QEMU_BUILD_BUG_ON(sizeof(cells) != VDMA_PROP_CELLS * sizeof(uint32_t));

    /*
     * ibm,configure-connector hands a fragment with a bare root to a running
     * guest. The root of the tree that firmware gets describes the machine.
     */
    if (fdt_first_property_offset(fdt, 0) >= 0) {
        return 0;
    }
    spapr_vdma_function_facts(phb, dev, &facts);
    if (!vdma_bypass_may(&facts)) {
        return 0;
    }
    trace_spapr_vdma_tag(spapr_vdma_function(phb, dev)->name, size);
    return fdt_setprop(fdt, offset, VDMA_PROP_NAME, &cells, sizeof(cells));
}

static void spapr_vdma_log_guest_error(const struct vdma_bypass_facts *facts,
                                       uint64_t buid, int64_t status)
{
    const char *what;

    switch (status) {
    case VDMA_H_PARAMETER:
        what = "unknown operation or reserved bits";
        break;
    case VDMA_H_P2:
        what = "no such PHB";
        break;
    case VDMA_H_P3:
        what = "no such device";
        break;
    case VDMA_H_BUSY:
        what = "disable of a live device";
        break;
    default:
        return;
    }
    qemu_log_mask(LOG_GUEST_ERROR, "H_DMA_BYPASS: %s (operation %" PRIu64
                  ", BUID 0x%" PRIx64 ", config address 0x%" PRIx64 ")\n",
                  what, facts->operation, buid, facts->config_addr);
}

static target_ulong h_dma_bypass(PowerPCCPU *cpu, SpaprMachineState *spapr,
                                 target_ulong opcode, target_ulong *args)
{
    uint64_t buid = args[1];
    struct vdma_bypass_facts facts = {
        .operation = args[0],
        .config_addr = args[2],
        /* No window onto all of memory that is private, save what it shared. */
        .secure = spapr->uv.secure,
    };
    SpaprPhbState *phb = spapr_pci_find_phb(spapr, buid);
    PCIDevice *dev = spapr_pci_find_dev(spapr, buid, facts.config_addr);
    SpaprVdmaFunction *f = dev ? spapr_vdma_function(phb, dev) : NULL;
    struct vdma_bypass_answer answer;

    if (!spapr_vdma_enabled(spapr)) {
        return VDMA_H_FUNCTION;
    }
    facts.phb_found = phb;
    facts.device_found = dev;
    if (f) {
        facts.enabled = f->enabled;
        spapr_vdma_function_facts(phb, dev, &facts);
        trace_spapr_vdma_facts(f->name, facts.secure, facts.virtio,
                               facts.access_platform, facts.phb_allows,
                               facts.device_allows, facts.driver_ok);
    }

    answer = vdma_bypass_decide(&facts);
    trace_spapr_vdma_hcall(facts.operation, buid, facts.config_addr,
                           answer.status, answer.state);
    spapr_vdma_log_guest_error(&facts, buid, answer.status);
    if (f) {
        spapr_vdma_function_set(f, answer.enabled, "hypercall");
    }

    args[0] = answer.state;
    args[1] = answer.state ? VDMA_WINDOW_BASE : 0;
    args[2] = answer.state ? f->window_size : 0;
    return answer.status;
}

static void spapr_vdma_register_types(void)
{
    /* abi.h repeats them for guests: the two must not drift apart. */
    QEMU_BUILD_BUG_ON(VDMA_H_SUCCESS != H_SUCCESS);
    QEMU_BUILD_BUG_ON(VDMA_H_BUSY != H_BUSY);
    QEMU_BUILD_BUG_ON(VDMA_H_FUNCTION != H_FUNCTION);
    QEMU_BUILD_BUG_ON(VDMA_H_PARAMETER != H_PARAMETER);
    QEMU_BUILD_BUG_ON(VDMA_H_AUTHORITY != H_AUTHORITY);
    QEMU_BUILD_BUG_ON(VDMA_H_P2 != H_P2);
    QEMU_BUILD_BUG_ON(VDMA_H_P3 != H_P3);
    QEMU_BUILD_BUG_ON(VDMA_H_NOT_AVAILABLE != H_NOT_AVAILABLE);

    spapr_register_hypercall(VDMA_H_DMA_BYPASS, h_dma_bypass);
}

type_init(spapr_vdma_register_types)
