/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard: keeps devices off a secure VM's private pages, and counts
 * their attempts.
 *
 * A filter stands in front of each device's address space, as an IOMMU that
 * maps each address to itself. It is a memory region that is disabled until
 * the VM becomes secure. QEMU asks an IOMMU for each access and caches no
 * pointer to rings behind it, so a change of a page takes effect at once. That
 * leaves buffers which a device has mapped: see dma_guard_revoke().
 *
 * Private to hw/vdma; the rest of QEMU includes dma_guard_maps.h.
 */
#ifndef HW_VDMA_DMA_GUARD_H
#define HW_VDMA_DMA_GUARD_H

#include "compat.h"
#include "hw/pci/pci.h"
#include "hw/ppc/spapr.h"
#include "hw/virtio/virtio.h"
#include "qom/object.h"
#include "spapr_uv.h"

#define TYPE_DMA_GUARD "spapr-dma-guard"
OBJECT_DECLARE_SIMPLE_TYPE(DmaGuard, DMA_GUARD)

/**
 * struct DmaGuard - the filter of one device
 * @uv: knows the state of pages
 * @dev: the device; NULL for a PCI function, which comes and goes
 * @bus: with @devfn, the slot of the PCI function
 * @unfiltered: the address space of the device without the filter
 * @as: the device's own address space; NULL for a PCI function
 * @iommu: the filter
 * @told: translations that back ends were told, and may keep; BQL
 * @log: its violations; SpaprUv.lock
 *
 * A QOM object because memory regions need an owner that lives until RCU
 * readers are done with them, which is after the device.
 */
struct DmaGuard {
    Object parent_obj;

    SpaprUv *uv;
    DeviceState *dev;
    PCIBus *bus;
    int devfn;
    AddressSpace *unfiltered;
    AddressSpace *as;
    IOMMUMemoryRegion iommu;
    struct IOVATree *told;
    struct dma_guard_log log;

    QLIST_ENTRY(DmaGuard) next;
};

/**
 * dma_guard_init() - with x-ultravisor=on, guard devices as they are realized
 */
void dma_guard_init(SpaprUv *uv);

/**
 * dma_guard_new() - put a filter over @root
 * @parent: owns the filter
 * @root: root of the device's address space
 * @unfiltered: the same without the filter
 *
 * The caller sets the fields that identify the device.
 */
DmaGuard *dma_guard_new(SpaprUv *uv, Object *parent, MemoryRegion *root,
                        AddressSpace *unfiltered);

/**
 * dma_guard_free() - remove the filter
 */
void dma_guard_free(DmaGuard *guard);

/**
 * dma_guard_function() - put a filter over the root of a PCI function
 *
 * Return: NULL without x-ultravisor.
 */
DmaGuard *dma_guard_function(Object *parent, PCIBus *bus, int devfn,
                             MemoryRegion *root, AddressSpace *unfiltered);

/**
 * dma_guard_device() - get the device of a filter
 *
 * Return: the device; NULL for an empty slot.
 */
DeviceState *dma_guard_device(const DmaGuard *guard);

/**
 * dma_guard_note() - count and report an access to a private page
 * @addr: guest physical
 */
void dma_guard_note(DmaGuard *guard, hwaddr addr, uint64_t size, bool write);

/**
 * dma_guard_last() - the last violation of any device
 *
 * Return: one line as of dma_guard_log_text(), or "", to be freed.
 */
char *dma_guard_last(SpaprUv *uv);

/**
 * dma_guard_by_device() - list the devices that violated, and their last access
 *
 * Context: BQL held, as the list of guards needs it.
 *
 * Return: for each such device that is still plugged, a line as of
 * dma_guard_log_text() followed by " violations=DECIMAL"; to be freed.
 */
char *dma_guard_by_device(SpaprUv *uv);

/**
 * dma_guard_warn_once() - print a warning once
 * @text: the warning, which names the device; freed
 *
 * A guest can trigger it as often as it likes.
 *
 * Context: BQL held.
 */
void dma_guard_warn_once(SpaprUv *uv, char *text);

/**
 * dma_guard_switch() - enable or disable all filters, as SpaprUv.secure says
 *
 * Devices look up the rings that they have cached again.
 *
 * Context: BQL held.
 */
void dma_guard_switch(SpaprUv *uv);

/**
 * dma_guard_tce() - unmap the addresses of TCEs that were changed
 * @tcet: their window
 * @entry: addresses within the window
 *
 * Back ends that keep translations listen to the filter, which hides the
 * window.
 *
 * Context: BQL held.
 */
void dma_guard_tce(const SpaprTceTable *tcet, const IOMMUTLBEntry *entry);

/**
 * dma_guard_forget() - have back ends forget pages that became private
 *
 * Those that were not told of these pages get no message.
 *
 * Context: BQL held, after the pages changed state.
 */
void dma_guard_forget(SpaprUv *uv, uint64_t gfn, uint64_t num);

/**
 * dma_guard_may_tell() - may a back end be told more than it asked for?
 * @iommu: translated it
 * @entry: the translation
 *
 * Return: false if a guard translated it, and it leads to a private page.
 */
bool dma_guard_may_tell(IOMMUMemoryRegion *iommu, const IOMMUTLBEntry *entry);

/**
 * dma_guard_permits() - get the permissions of what a guard has let pass
 * @iommu: translated @addr; if that is no guard, its own answer holds
 * @perm: its answer, which a guard gives for the one access alone
 *
 * Context: BQL held.
 *
 * Return: what the TCE permits that the guard translates by.
 */
IOMMUAccessFlags dma_guard_permits(IOMMUMemoryRegion *iommu, hwaddr addr,
                                   IOMMUAccessFlags perm);

/**
 * dma_guard_told() - note that a back end is told a translation
 * @iommu: translated it; if that is no guard, nothing is noted
 * @entry: where the translation begins
 * @size: its bytes
 *
 * Context: BQL held.
 */
void dma_guard_told(IOMMUMemoryRegion *iommu, const IOMMUTLBEntry *entry,
                    hwaddr size);

/**
 * dma_guard_revoke() - take pages that became private from all devices
 *
 * Waits for accesses and block I/O in flight. A device that still has a buffer
 * mapped is in violation, and is reset in deny mode.
 *
 * Context: BQL held, released meanwhile; after the pages changed state.
 */
void dma_guard_revoke(SpaprUv *uv, uint64_t gfn, uint64_t num);

/**
 * dma_guard_unguarded() - find a device that no filter can stop
 *
 * These are vhost without VIRTIO_F_ACCESS_PLATFORM, because its back end asks
 * for no translation, PHBs with bypass-iommu=on, and devices that use system
 * memory whatever their address space is.
 *
 * Return: its name, to be freed; NULL if there are no such devices.
 */
char *dma_guard_unguarded(SpaprUv *uv);

/**
 * dma_guard_refuse() - refuse to plug such a device into a secure VM
 *
 * The body of DeviceListener.hide_device.
 *
 * Return: false; @errp is set if the device is refused.
 */
bool dma_guard_refuse(DeviceListener *listener, const QDict *options,
                      bool from_json, Error **errp);

struct vhost_dev;

/**
 * dma_guard_vhost_is_unguarded() - does a back end access memory without asking
 * for translations?
 * @hdev: the back end, with the features that it was given
 */
bool dma_guard_vhost_is_unguarded(const struct vhost_dev *hdev);

#endif /* HW_VDMA_DMA_GUARD_H */
