/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard: keeps devices off a secure VM's private pages, and counts who
 * tries.
 *
 * A filter stands in front of each device's address space, as an IOMMU that
 * translates nothing. It is a disabled memory region while the VM is not
 * secure: QEMU does not see it then. QEMU asks an IOMMU again for each access
 * and keeps no pointer to rings behind one, so a page's state counts at once.
 * Only buffers that a device has mapped are left: see dma_guard_revoke().
 *
 * Private to hw/vdma; dma_guard_maps.h is for the rest of QEMU.
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
 * @uv: whose pages it knows
 * @dev: the device; NULL for a PCI function, for it comes and goes
 * @bus: with @devfn, where the PCI function is
 * @behind: what the device would reach without the filter
 * @as: the device's own address space, or NULL for a PCI function's
 * @iommu: the filter itself
 * @log: its violations; SpaprUv.lock
 *
 * A QOM object because memory regions need an owner that outlives the device
 * until RCU readers are done.
 */
struct DmaGuard {
    Object parent_obj;

    SpaprUv *uv;
    DeviceState *dev;
    PCIBus *bus;
    int devfn;
    AddressSpace *behind;
    AddressSpace *as;
    IOMMUMemoryRegion iommu;
    struct dma_guard_log log;

    QLIST_ENTRY(DmaGuard) next;
};

/**
 * dma_guard_init() - x-ultravisor=on: guard each device that will be realized
 */
void dma_guard_init(SpaprUv *uv);

/**
 * dma_guard_new() - put a filter on top of @root
 * @parent: the object that it goes with
 * @root: what the device's address space shows
 * @behind: the same less the filter
 *
 * The caller fills in what identifies the device.
 */
DmaGuard *dma_guard_new(SpaprUv *uv, Object *parent, MemoryRegion *root,
                        AddressSpace *behind);

/**
 * dma_guard_free() - take the filter away again
 */
void dma_guard_free(DmaGuard *guard);

/**
 * dma_guard_function() - the filter of a PCI function, if there are filters
 *
 * Return: NULL without x-ultravisor.
 */
DmaGuard *dma_guard_function(Object *parent, PCIBus *bus, int devfn,
                             MemoryRegion *root, AddressSpace *behind);

/**
 * dma_guard_device() - whose filter it is now
 *
 * Return: the device, NULL for an empty slot.
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
 * dma_guard_warn_once() - warn a person, the first time that there is cause
 * @text: the warning, which names the device; is freed
 *
 * A guest can give cause as often as it likes.
 *
 * Context: BQL held.
 */
void dma_guard_warn_once(SpaprUv *uv, char *text);

/**
 * dma_guard_switch() - the VM has become secure, or is so no more
 *
 * Context: BQL held. Rings that devices have cached are looked up again.
 */
void dma_guard_switch(SpaprUv *uv);

/**
 * dma_guard_tce() - a TCE is no more what it was
 * @tcet: its window
 * @entry: what it was about, by addresses within the window
 *
 * Back ends that keep translations listen to the filter, for the window behind
 * it is hidden.
 *
 * Context: BQL held.
 */
void dma_guard_tce(const SpaprTceTable *tcet, const IOMMUTLBEntry *entry);

/**
 * dma_guard_forget() - pages have become private: back ends forget them
 *
 * Context: BQL held; the pages' state has changed before.
 */
void dma_guard_forget(SpaprUv *uv);

/**
 * dma_guard_revoke() - pages have become private: no device keeps them mapped
 *
 * Accesses and block I/O that are under way are waited for. A device that keeps
 * a buffer mapped nevertheless is in violation, and in deny mode it is reset.
 *
 * Context: BQL held, and let go meanwhile; the pages' state has changed before.
 */
void dma_guard_revoke(SpaprUv *uv, uint64_t gfn, uint64_t num);

/**
 * dma_guard_unguarded() - is there a device that no filter can stop?
 *
 * That is vhost without VIRTIO_F_ACCESS_PLATFORM, whose back end asks for no
 * translation, a PHB with bypass-iommu=on, and what reaches system memory
 * whatever its address space is.
 *
 * Return: its name, to be freed, or NULL.
 */
char *dma_guard_unguarded(SpaprUv *uv);

/**
 * dma_guard_refuse() - plug no such device into a secure VM
 *
 * The body of DeviceListener.hide_device.
 *
 * Return: false; @errp is set for a device that is refused.
 */
bool dma_guard_refuse(DeviceListener *listener, const QDict *options,
                      bool from_json, Error **errp);

struct vhost_dev;

/**
 * dma_guard_vhost_beside() - does a vhost back end reach memory without asking
 * for translations?
 * @hdev: the back end, with the features that it was given
 */
bool dma_guard_vhost_beside(const struct vhost_dev *hdev);

#endif /* HW_VDMA_DMA_GUARD_H */
