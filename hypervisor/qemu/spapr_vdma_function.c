/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One PCI function's address space with its bypass window.
 *
 * While the window is closed, the address space has nothing but the alias of
 * the PHB's, and QEMU shares one flat view between them: no cost. When it is
 * open, RAM is reached through an alias: no translation for an access.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/boards.h"
#include "hw/pci/pci_bus.h"
#include "hw/ppc/spapr.h"
#include "hw/virtio/virtio-pci.h"
#include "migration/vmstate.h"
#include "dma_guard.h"
#include "spapr_vdma_function.h"
#include "trace.h"

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

void spapr_vdma_function_facts(SpaprPhbState *phb, PCIDevice *dev,
                               struct vdma_bypass_facts *facts)
{
    SpaprMachineState *spapr = SPAPR_MACHINE(qdev_get_machine());
    Object *virtio = object_dynamic_cast(OBJECT(dev), TYPE_VIRTIO_PCI);
    VirtIOPCIProxy *proxy = virtio ? VIRTIO_PCI(virtio) : NULL;
    VirtIODevice *vdev = proxy ? virtio_bus_get_device(&proxy->bus) : NULL;

    /* "bypass-iommu" takes devices off our address spaces: no window. */
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

void spapr_vdma_function_set(SpaprVdmaFunction *f, bool enabled,
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

SpaprVdmaFunction *spapr_vdma_function_get(SpaprPhbState *phb, PCIBus *bus,
                                           int devfn)
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
 * Only sent while the window is open: no section means closed. It comes
 * before the device's own section, whose rings are looked up in the window.
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

void spapr_vdma_function_migrate(SpaprVdmaFunction *f, PCIDevice *dev)
{
    vmstate_register_any(VMSTATE_IF(dev), &vmstate_spapr_vdma, f);
}

void spapr_vdma_function_free(SpaprVdmaFunction *f)
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

static void spapr_vdma_function_finalize(Object *obj)
{
    SpaprVdmaFunction *f = SPAPR_VDMA_FUNCTION(obj);

    trace_spapr_vdma_finalize(f->name);
    g_free(f->name);
}

static const TypeInfo spapr_vdma_function_info = {
    .name = TYPE_SPAPR_VDMA_FUNCTION,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(SpaprVdmaFunction),
    .instance_finalize = spapr_vdma_function_finalize,
};

static void spapr_vdma_function_register_types(void)
{
    type_register_static(&spapr_vdma_function_info);
}

type_init(spapr_vdma_function_register_types)
