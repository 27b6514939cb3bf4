/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that bypass the DMA guard. A VM with such a device cannot become
 * secure, and they cannot be plugged into a secure VM. A vhost device can, but
 * its back end is not started: see dma_guard_vhost().
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "hw/pci/pci_host.h"
#include "hw/pci-host/spapr.h"
#include "hw/ppc/spapr.h"
#include "hw/virtio/vhost.h"
#include "hw/virtio/vhost-backend.h"
#include "hw/virtio/virtio-bus.h"
#include "dma_guard.h"

static const char *const unguarded_types[] = {
    "vfio-pci",                     /* the host's IOMMU maps all memory */
    "vfio-pci-base",                /* the same since 10.1, and vfio-user */
    "vhost-vdpa-device-pci-base",   /* as vfio */
    "x-pci-proxy-dev",              /* its process maps all memory */
    "pvscsi",                       /* cpu_physical_memory_read(), _write() */
    "pci-ehci-usb",                 /* system memory unless bus master */
    "i82378",                       /* its ISA bus has DMA controllers, i8257 */
    "nvdimm",                       /* its content outlives the VM */
};

static bool dma_guard_is_unguarded_type(const char *name)
{
    ObjectClass *class = module_object_class_by_name(name);
    unsigned int i;

    for (i = 0; class && i < ARRAY_SIZE(unguarded_types); i++) {
        if (object_class_dynamic_cast(class, unguarded_types[i])) {
            return true;
        }
    }
    return false;
}

/* vDPA maps all memory; other back ends ask if they were told to. */
bool dma_guard_vhost_is_unguarded(const struct vhost_dev *hdev)
{
    return hdev->vhost_ops->backend_type == VHOST_BACKEND_TYPE_VDPA ||
           !virtio_has_feature(hdev->acked_features, VIRTIO_F_IOMMU_PLATFORM);
}

static bool dma_guard_virtio_is_unguarded(VirtIODevice *vdev)
{
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_GET_CLASS(vdev);
    struct vhost_dev *hdev = vdc->get_vhost ? vdc->get_vhost(vdev) : NULL;

    /* Not all vhost devices have a get_vhost(). */
    if (!vdev->vhost_started && !hdev) {
        return false;
    }
    if (!virtio_host_has_feature(vdev, VIRTIO_F_IOMMU_PLATFORM) ||
        (hdev && hdev->vhost_ops &&
         hdev->vhost_ops->backend_type == VHOST_BACKEND_TYPE_VDPA)) {
        return true;
    }
    /* The driver may not have accepted it, nor QEMU passed it on. */
    if (vdev->vhost_started && !(hdev && hdev->vhost_ops)) {
        return !virtio_vdev_has_feature(vdev, VIRTIO_F_IOMMU_PLATFORM);
    }
    return hdev && hdev->vhost_ops && hdev->started &&
           dma_guard_vhost_is_unguarded(hdev);
}

static int dma_guard_find_unguarded(Object *obj, void *opaque)
{
    DeviceState **found = opaque;

    if (object_dynamic_cast(obj, TYPE_VIRTIO_DEVICE)) {
        if (DEVICE(obj)->realized &&
            dma_guard_virtio_is_unguarded(VIRTIO_DEVICE(obj))) {
            *found = qdev_get_parent_bus(DEVICE(obj))->parent;
        }
    } else if (object_dynamic_cast(obj, TYPE_PCI_HOST_BRIDGE)) {
        if (PCI_HOST_BRIDGE(obj)->bypass_iommu) {
            *found = DEVICE(obj);
        }
    } else if (object_dynamic_cast(obj, TYPE_DEVICE) &&
               DEVICE(obj)->realized &&
               dma_guard_is_unguarded_type(object_get_typename(obj))) {
        *found = DEVICE(obj);
    }
    return *found != NULL;
}

char *dma_guard_unguarded(SpaprUv *uv)
{
    DeviceState *found = NULL;

    object_child_foreach_recursive(qdev_get_machine(),
                                   dma_guard_find_unguarded, &found);
    if (!found) {
        return NULL;
    }
    return found->id ? g_strdup(found->id) :
                       object_get_canonical_path(OBJECT(found));
}

bool dma_guard_refuse(DeviceListener *listener, const QDict *options,
                      bool from_json, Error **errp)
{
    const char *type = qdict_get_try_str(options, "driver");

    if (SPAPR_MACHINE(qdev_get_machine())->uv.secure && type &&
        dma_guard_is_unguarded_type(type)) {
        error_setg(errp, "cannot plug %s into a secure VM: it bypasses the DMA "
                   "guard", type);
    }
    return false;
}

bool spapr_uv_phb_pre_plug(SpaprMachineState *spapr, SpaprPhbState *phb,
                           Error **errp)
{
    if (spapr->uv.secure && PCI_HOST_BRIDGE(phb)->bypass_iommu) {
        error_setg(errp, "cannot plug a PHB with bypass-iommu=on into a secure "
                   "VM: its devices bypass the DMA guard");
        return false;
    }
    return true;
}
