/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA bypass for virtio functions of a pseries machine: the hypercall, the
 * device-tree property, and the address space of each function with its
 * bypass window. vdma_bypass.c decides the answer to a call.
 *
 * While a window is closed, the address space of a function has nothing but an
 * alias of the PHB's, and QEMU shares one flat view between them. While it is
 * open, an alias leads to RAM, and no access is translated.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "compat.h"
#include "hw/boards.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci-host/spapr.h"
#include "hw/ppc/spapr.h"
#include "hw/virtio/virtio-pci.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include <libfdt.h>
#include "dma_guard.h"
#include "vdma_bypass.h"
#include "trace.h"

#define TYPE_SPAPR_VDMA_FUNCTION "spapr-vdma-function"
OBJECT_DECLARE_SIMPLE_TYPE(SpaprVdmaFunction, SPAPR_VDMA_FUNCTION)

#define VDMA_WINDOW_BASE (UINT64_C(1) << VDMA_BYPASS_WINDOW_SHIFT)

/**
 * struct SpaprVdmaFunction - a slot of a PHB's PCI bus, occupied or empty
 * @name: bus, slot and function, for messages; the guest numbers buses
 * @enabled: the window is open
 * @window_size: in bytes
 * @as: the target of the function's bus master alias
 * @root: contains @tce and @window
 * @tce: the PHB's TCE and MSI windows
 * @window: RAM, plugged and pluggable, at VDMA_WINDOW_BASE
 * @guard: with x-ultravisor, the filter in front of @root, else NULL
 *
 * A QOM object because memory regions need an owner that lives until RCU
 * readers are done with them, which is after unplug.
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

bool spapr_vdma_enabled(SpaprMachineState *spapr)
{
    return spapr_get_cap(spapr, SPAPR_CAP_DMA_BYPASS) == SPAPR_CAP_ON;
}

uint64_t spapr_vdma_window_size(void)
{
    MachineState *machine = MACHINE(qdev_get_machine());
    DeviceMemoryState *hotplug = machine->device_memory;

    if (!hotplug) {
        return machine->ram_size;
    }
    return hotplug->base + memory_region_size(&hotplug->mr);
}

/* Collect the facts that @dev and its PHB decide. */
static void spapr_vdma_function_facts(SpaprPhbState *phb, PCIDevice *dev,
                                      struct vdma_bypass_facts *facts)
{
    SpaprMachineState *spapr = SPAPR_MACHINE(qdev_get_machine());
    Object *virtio = object_dynamic_cast(OBJECT(dev), TYPE_VIRTIO_PCI);
    VirtIOPCIProxy *proxy = virtio ? VIRTIO_PCI(virtio) : NULL;
    VirtIODevice *vdev = proxy ? virtio_bus_get_device(&proxy->bus) : NULL;

    /* With "bypass-iommu" the device does not use our address space. */
    facts->phb_allows = phb->vdma.allowed && spapr_vdma_enabled(spapr) &&
                        !pci_bus_bypass_iommu(pci_get_bus(dev));
    if (!vdev) {
        return;
    }
    facts->virtio = true;
    facts->access_platform =
        virtio_host_has_feature(vdev, VIRTIO_F_IOMMU_PLATFORM);
    facts->device_allows = proxy->dma_bypass;
    facts->driver_ok = vdev->status & VIRTIO_CONFIG_S_DRIVER_OK;
}

/*
 * Open or close the window; @why is for the trace. TCE mappings stay, and none
 * of them is out of reach at any time: the flat view is replaced as a whole.
 */
static void spapr_vdma_function_set(SpaprVdmaFunction *f, bool enabled,
                                    const char *why)
{
    if (f->enabled == enabled) {
        return;
    }
    trace_spapr_vdma_window(f->name, enabled, why);
    f->enabled = enabled;
    memory_region_set_enabled(&f->window, enabled);
}

static SpaprVdmaFunction *spapr_vdma_function_new(SpaprPhbState *phb,
                                                  PCIBus *bus, int devfn)
{
    Object *owner = object_new(TYPE_SPAPR_VDMA_FUNCTION);
    SpaprVdmaFunction *f = SPAPR_VDMA_FUNCTION(owner);

    object_property_add_child(OBJECT(phb), "vdma[*]", owner);
    object_unref(owner);

    f->phb = phb;
    f->bus = bus;
    f->devfn = devfn;
    f->name = g_strdup_printf("vdma-%s-%02x.%x", BUS(bus)->name,
                              PCI_SLOT(devfn), PCI_FUNC(devfn));
    f->window_size = spapr_vdma_window_size();

    memory_region_init(&f->root, owner, f->name,
                       memory_region_size(&phb->iommu_root));
    memory_region_init_alias(&f->tce, owner, "tce", &phb->iommu_root, 0,
                             memory_region_size(&phb->iommu_root));
    memory_region_init_alias(&f->window, owner, "bypass", get_system_memory(),
                             0, f->window_size);
    memory_region_set_enabled(&f->window, false);
    memory_region_add_subregion(&f->root, 0, &f->tce);
    memory_region_add_subregion_overlap(&f->root, VDMA_WINDOW_BASE,
                                        &f->window, 1);
    f->guard = dma_guard_function(owner, bus, devfn, &f->root, &phb->iommu_as);
    address_space_init(&f->as, &f->root, f->name);

    trace_spapr_vdma_create(f->name, f->window_size);
    QLIST_INSERT_HEAD(&phb->vdma.functions, f, next);
    return f;
}

/* Find the function of a slot, or create it. */
static SpaprVdmaFunction *spapr_vdma_function_get(SpaprPhbState *phb,
                                                  PCIBus *bus, int devfn)
{
    SpaprVdmaFunction *f;

    QLIST_FOREACH(f, &phb->vdma.functions, next) {
        if (f->bus == bus && f->devfn == devfn) {
            return f;
        }
    }
    return spapr_vdma_function_new(phb, bus, devfn);
}

static bool spapr_vdma_function_needed(void *opaque)
{
    SpaprVdmaFunction *f = opaque;

    return f->enabled;
}

static int spapr_vdma_function_post_load(void *opaque, int version_id)
{
    SpaprVdmaFunction *f = opaque;
    struct vdma_bypass_facts facts = {};

    spapr_vdma_function_facts(f->phb, f->bus->devices[f->devfn], &facts);
    if (!vdma_bypass_may(&facts)) {
        error_report("%s: DMA bypass is enabled on the source, but this "
                     "device may not bypass here", f->name);
        return -EINVAL;
    }
    spapr_vdma_function_set(f, true, "migration");
    return 0;
}

/*
 * Sent while the window is open; without it the window is closed. It precedes
 * the section of the device, which looks up its rings in the window.
 */
static const VMStateDescription vmstate_spapr_vdma = {
    .name = "spapr_vdma",
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_IOMMU,
    .needed = spapr_vdma_function_needed,
    .post_load = spapr_vdma_function_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT64_EQUAL(window_size, SpaprVdmaFunction,
                                 "DMA bypass windows of source and destination "
                                 "differ in size; use the same maxmem"),
            VMSTATE_END_OF_LIST() },
};

static void spapr_vdma_function_free(SpaprVdmaFunction *f)
{
    vmstate_unregister(NULL, &vmstate_spapr_vdma, f);
    spapr_vdma_function_set(f, false, "unplug");
    QLIST_REMOVE(f, next);

    if (f->guard) {
        dma_guard_free(f->guard);
    }
    memory_region_del_subregion(&f->root, &f->window);
    memory_region_del_subregion(&f->root, &f->tce);
    address_space_destroy(&f->as);
    object_unparent(OBJECT(f));
}

/* For QMP clients: the path of the device in the slot, or empty */
static char *spapr_vdma_function_get_device(Object *obj, Error **errp)
{
    SpaprVdmaFunction *f = SPAPR_VDMA_FUNCTION(obj);
    PCIDevice *dev = f->bus->devices[f->devfn];

    return dev ? object_get_canonical_path(OBJECT(dev)) : g_strdup("");
}

static bool spapr_vdma_function_get_enabled(Object *obj, Error **errp)
{
    return SPAPR_VDMA_FUNCTION(obj)->enabled;
}

static void spapr_vdma_function_instance_init(Object *obj)
{
    SpaprVdmaFunction *f = SPAPR_VDMA_FUNCTION(obj);

    object_property_add_str(obj, "device", spapr_vdma_function_get_device,
                            NULL);
    object_property_add_bool(obj, "enabled", spapr_vdma_function_get_enabled,
                             NULL);
    object_property_add_uint64_ptr(obj, "window-size", &f->window_size,
                                   OBJ_PROP_FLAG_READ);
}

static void spapr_vdma_function_finalize(Object *obj)
{
    SpaprVdmaFunction *f = SPAPR_VDMA_FUNCTION(obj);

    trace_spapr_vdma_finalize(f->name);
    g_free(f->name);
}

AddressSpace *spapr_vdma_address_space(SpaprPhbState *phb, PCIBus *bus,
                                       int devfn)
{
    PCIDevice *dev = bus->devices[devfn];

    /* VFIO needs all functions of a group in one address space. */
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
    vmstate_register_any(VMSTATE_IF(dev), &vmstate_spapr_vdma,
                         spapr_vdma_function(phb, dev));
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
     * ibm,configure-connector gives a running guest a fragment with an empty
     * root. The root of the tree for firmware describes the machine.
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
        /* Most of its memory is private: no window may lead to all of it. */
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

static const TypeInfo spapr_vdma_function_info = {
    .name = TYPE_SPAPR_VDMA_FUNCTION,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(SpaprVdmaFunction),
    .instance_init = spapr_vdma_function_instance_init,
    .instance_finalize = spapr_vdma_function_finalize,
};

static void spapr_vdma_register_types(void)
{
    /* abi.h repeats these numbers for guests. */
    QEMU_BUILD_BUG_ON(VDMA_H_SUCCESS != H_SUCCESS);
    QEMU_BUILD_BUG_ON(VDMA_H_BUSY != H_BUSY);
    QEMU_BUILD_BUG_ON(VDMA_H_FUNCTION != H_FUNCTION);
    QEMU_BUILD_BUG_ON(VDMA_H_PARAMETER != H_PARAMETER);
    QEMU_BUILD_BUG_ON(VDMA_H_AUTHORITY != H_AUTHORITY);
    QEMU_BUILD_BUG_ON(VDMA_H_P2 != H_P2);
    QEMU_BUILD_BUG_ON(VDMA_H_P3 != H_P3);
    QEMU_BUILD_BUG_ON(VDMA_H_NOT_AVAILABLE != H_NOT_AVAILABLE);

    type_register_static(&spapr_vdma_function_info);
    spapr_register_hypercall(VDMA_H_DMA_BYPASS, h_dma_bypass);
}

type_init(spapr_vdma_register_types)
