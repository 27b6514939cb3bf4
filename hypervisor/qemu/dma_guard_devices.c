/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters for devices that do not use the address space of a PCI function:
 * virtio devices without VIRTIO_F_ACCESS_PLATFORM, and devices on PAPR's
 * virtual I/O bus. spapr_vdma.c has the filters of PCI functions.
 */
#include "qemu/osdep.h"
#include "hw/ppc/spapr.h"
#include "hw/ppc/spapr_vio.h"
#include "hw/virtio/virtio-bus.h"
#include "hw/virtio/virtio.h"
#include "dma_guard.h"
#include "dma_guard_maps.h"

#define TYPE_DMA_GUARD_SPACE "spapr-dma-guard-space"
OBJECT_DECLARE_SIMPLE_TYPE(DmaGuardSpace, DMA_GUARD_SPACE)

/**
 * struct DmaGuardSpace - an address space made of parts of another
 * @guard: its filter
 *
 * A child of the device, which ends with the device.
 */
struct DmaGuardSpace {
    Object parent_obj;

    AddressSpace as;
    MemoryRegion root;
    MemoryRegion parts[2];
    unsigned int n_parts;
    DmaGuard *guard;
};

static SpaprUv *dma_guard_machine(void)
{
    return &SPAPR_MACHINE(qdev_get_machine())->uv;
}

static DmaGuardSpace *dma_guard_space_new(DeviceState *dev)
{
    Object *owner = object_new(TYPE_DMA_GUARD_SPACE);
    DmaGuardSpace *space = DMA_GUARD_SPACE(owner);

    object_property_add_child(OBJECT(dev), "dma-guard-space", owner);
    object_unref(owner);
    memory_region_init(&space->root, owner, "dma-guard-space", UINT64_MAX);
    return space;
}

static void dma_guard_space_add(DmaGuardSpace *space, MemoryRegion *part,
                                int priority)
{
    MemoryRegion *alias = &space->parts[space->n_parts++];

    memory_region_init_alias(alias, OBJECT(space), "part", part, 0,
                             memory_region_size(part));
    memory_region_add_subregion_overlap(&space->root, 0, alias, priority);
}

/* Replace system memory, which the device uses, by a filtered view of it. */
static void dma_guard_virtio(VirtIODevice *vdev)
{
    DmaGuardSpace *space;

    if (vdev->dma_as != &address_space_memory) {
        return;
    }
    space = dma_guard_space_new(DEVICE(vdev));
    dma_guard_space_add(space, get_system_memory(), 0);
    address_space_init(&space->as, &space->root, "dma-guard-virtio");
    space->guard = dma_guard_new(dma_guard_machine(), OBJECT(space),
                                 &space->root, &address_space_memory);
    space->guard->dev = DEVICE(vdev);
    space->guard->as = &space->as;

    /* The device was just realized and has looked up no ring. */
    memory_listener_unregister(&vdev->listener);
    vdev->dma_as = &space->as;
    memory_listener_register(&vdev->listener, vdev->dma_as);
}

/* The bus owns the address space: put the filter into it. */
static void dma_guard_vio(SpaprVioDevice *vio)
{
    DmaGuardSpace *space;

    if (!vio->tcet) {
        return;
    }
    space = dma_guard_space_new(DEVICE(vio));
    dma_guard_space_add(space, &vio->mrbypass, 1);
    dma_guard_space_add(space, spapr_tce_get_iommu(vio->tcet), 2);
    address_space_init(&space->as, &space->root, "dma-guard-vio");
    space->guard = dma_guard_new(dma_guard_machine(), OBJECT(space),
                                 &vio->mrroot, &space->as);
    space->guard->dev = DEVICE(vio);
    space->guard->as = &vio->as;
}

static void dma_guard_device_realized(DeviceListener *listener,
                                      DeviceState *dev)
{
    if (object_dynamic_cast(OBJECT(dev), TYPE_VIRTIO_DEVICE)) {
        dma_guard_virtio(VIRTIO_DEVICE(dev));
    } else if (object_dynamic_cast(OBJECT(dev), TYPE_VIO_SPAPR_DEVICE)) {
        dma_guard_vio(VIO_SPAPR_DEVICE(dev));
    }
}

static void dma_guard_space_unparent(Object *obj)
{
    DmaGuardSpace *space = DMA_GUARD_SPACE(obj);

    dma_guard_free(space->guard);
    while (space->n_parts) {
        memory_region_del_subregion(&space->root,
                                    &space->parts[--space->n_parts]);
    }
    address_space_destroy(&space->as);
}

void dma_guard_init(SpaprUv *uv)
{
    static DeviceListener listener = {
        .realize = dma_guard_device_realized,
        .hide_device = dma_guard_refuse,
    };

    device_listener_register(&listener);
    dma_guard_maps_watch();
}

bool dma_guard_vhost(const struct vhost_dev *hdev, VirtIODevice *vdev)
{
    SpaprMachineState *spapr = (SpaprMachineState *)
        object_dynamic_cast(qdev_get_machine(), TYPE_SPAPR_MACHINE);
    DeviceState *carrier = qdev_get_parent_bus(DEVICE(vdev))->parent;
    g_autofree char *path = object_get_canonical_path(OBJECT(carrier));

    if (!spapr || !spapr->uv.secure ||
        !dma_guard_vhost_is_unguarded(hdev)) {
        return true;
    }
    dma_guard_warn_once(&spapr->uv, g_strdup_printf(
        "cannot start the vhost back end of %s: without iommu_platform=on it "
        "bypasses the DMA guard of a secure VM", carrier->id ?: path));
    return false;
}

static void dma_guard_space_class_init(ObjectClass *klass, ClassData data)
{
    klass->unparent = dma_guard_space_unparent;
}

static const TypeInfo dma_guard_space_info = {
    .name = TYPE_DMA_GUARD_SPACE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(DmaGuardSpace),
    .class_init = dma_guard_space_class_init,
};

static void dma_guard_space_register_types(void)
{
    type_register_static(&dma_guard_space_info);
}

type_init(dma_guard_space_register_types)
