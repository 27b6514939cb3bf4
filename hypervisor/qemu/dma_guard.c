/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of the DMA guard: lets devices access a secure VM's shared pages,
 * and denies or reports accesses to private pages. See dma_guard.h.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/iova-tree.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci-host/spapr.h"
#include "hw/ppc/spapr.h"
#include "vdma/abi.h"
#include "dma_guard.h"
#include "trace.h"

#define TYPE_DMA_GUARD_REGION "spapr-dma-guard-region"
#define UV_PAGE_MASK ((UINT64_C(1) << VDMA_UV_PAGE_SHIFT) - 1)

/* Over TCE windows (0, or 2 on the VIO bus) and bypass windows (1). */
#define GUARD_PRIORITY 8

DeviceState *dma_guard_device(const DmaGuard *guard)
{
    return guard->bus ? DEVICE(guard->bus->devices[guard->devfn]) : guard->dev;
}

/* A virtio device has the name of its PCI function. */
static void dma_guard_device_name(const DmaGuard *guard, char *name,
                                  size_t size)
{
    DeviceState *dev = dma_guard_device(guard);
    BusState *bus = dev ? qdev_get_parent_bus(dev) : NULL;

    if (dev && !dev->id && bus && bus->parent && bus->parent->id) {
        dev = bus->parent;
    }
    if (dev && dev->id) {
        pstrcpy(name, size, dev->id);
    } else {
        g_autofree char *path = object_get_canonical_path(
            dev ? OBJECT(dev) : OBJECT(guard));
        pstrcpy(name, size, path ?: "unknown");
    }
}

void dma_guard_note(DmaGuard *guard, hwaddr addr, uint64_t size, bool write)
{
    struct dma_guard_access access = {
        .address = addr,
        .size = size,
        .write = write,
    };
    SpaprUv *uv = guard->uv;

    QEMU_LOCK_GUARD(&uv->lock);
    if (!dma_guard_log_note(&guard->log, &access)) {
        return;
    }
    uv->violations++;
    uv->last = access;
    dma_guard_device_name(guard, uv->culprit, sizeof(uv->culprit));
    trace_dma_guard_violation(uv->culprit, addr, size,
                              write ? "write" : "read", !uv->report);
    if (guard->log.violations == 1) {
        warn_report("%s: %s of %" PRIu64 " bytes at 0x%" HWADDR_PRIx
                    ", private memory of a secure VM: %s, and counted from now "
                    "on", uv->culprit, write ? "write" : "read", size, addr,
                    uv->report ? "let through" : "denied");
    }
}

char *dma_guard_last(SpaprUv *uv)
{
    char text[DMA_GUARD_TEXT] = "";

    QEMU_LOCK_GUARD(&uv->lock);
    if (uv->violations) {
        dma_guard_log_text(&uv->last, uv->culprit, text, sizeof(text));
    }
    return g_strdup(text);
}

char *dma_guard_by_device(SpaprUv *uv)
{
    GString *lines = g_string_new(NULL);
    DmaGuard *guard;

    QEMU_LOCK_GUARD(&uv->lock);
    QLIST_FOREACH(guard, &uv->guards, next) {
        if (guard->log.violations) {
            char name[DMA_GUARD_NAME], text[DMA_GUARD_TEXT];

            dma_guard_device_name(guard, name, sizeof(name));
            dma_guard_log_text(&guard->log.last, name, text, sizeof(text));
            g_string_append_printf(lines, "%s violations=%" PRIu64 "\n", text,
                                   guard->log.violations);
        }
    }
    return g_string_free(lines, false);
}

/* Does the entry lead to a private page? @physical is set to its address. */
static bool dma_guard_is_private(const DmaGuard *guard,
                                 const IOMMUTLBEntry *entry, hwaddr addr,
                                 hwaddr *physical)
{
    *physical = entry->translated_addr | (addr & entry->addr_mask);
    return entry->target_as == &address_space_memory &&
           uv_pages_private(&guard->uv->pages,
                            *physical >> VDMA_UV_PAGE_SHIFT);
}

/*
 * A thread without the BQL reaches shared pages alone. Any other target takes
 * the BQL, and a CPU that holds it may be waiting for this thread, in order to
 * stop its device. Devices with threads raise interrupts in the main loop,
 * where a message to the interrupt controller may pass.
 */
static bool dma_guard_may_pass(const DmaGuard *guard,
                               const IOMMUTLBEntry *entry)
{
    if (entry->target_as != &address_space_memory) {
        return bql_locked();
    }
    return uv_pages_shared(&guard->uv->pages,
                           entry->translated_addr >> VDMA_UV_PAGE_SHIFT);
}

/* Translate as without the filter, through TCE windows. */
static IOMMUTLBEntry dma_guard_translate_next(const DmaGuard *guard,
                                              hwaddr addr, bool write)
{
    IOMMUTLBEntry entry = {
        .target_as = &address_space_memory,
        .translated_addr = addr,
        .addr_mask = UV_PAGE_MASK,
    };

    if (guard->unfiltered != &address_space_memory) {
        entry = address_space_get_iotlb_entry(guard->unfiltered, addr, write,
                                              MEMTXATTRS_UNSPECIFIED);
        entry.translated_addr |= addr & entry.addr_mask;
        entry.addr_mask &= UV_PAGE_MASK;
        /* "ibm,set-tce-bypass" replaces a VIO device's window by memory. */
        if (guard->as && entry.target_as == guard->unfiltered) {
            entry.target_as = &address_space_memory;
        }
    }
    entry.translated_addr &= ~entry.addr_mask;
    entry.iova = addr & ~entry.addr_mask;
    return entry;
}

static IOMMUTLBEntry guard_translate(IOMMUMemoryRegion *iommu, hwaddr addr,
                                     IOMMUAccessFlags flag, int iommu_idx)
{
    DmaGuard *guard = container_of(iommu, DmaGuard, iommu);
    IOMMUTLBEntry entry =
        dma_guard_translate_next(guard, addr, flag == IOMMU_WO);

    if (entry.target_as &&
        (guard->uv->report || dma_guard_may_pass(guard, &entry))) {
        entry.perm = flag;
    } else {
        entry.perm = IOMMU_NONE;
    }
    return entry;
}

/*
 * See hooks/33-guard-accessed: translate() does not get the size of an access.
 * A back end that asks for a translation asks for the page.
 */
static void guard_accessed(IOMMUMemoryRegion *iommu, const IOMMUTLBEntry *entry,
                           hwaddr addr, hwaddr size, bool write)
{
    DmaGuard *guard = container_of(iommu, DmaGuard, iommu);
    hwaddr physical;

    if (dma_guard_is_private(guard, entry, addr, &physical)) {
        if (size > INT64_MAX) {
            size = entry->addr_mask + 1 - (addr & entry->addr_mask);
        }
        dma_guard_note(guard, physical, size, write);
    }
}

void dma_guard_warn_once(SpaprUv *uv, char *text)
{
    if (!uv->warned) {
        uv->warned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           NULL);
    }
    if (g_hash_table_add(uv->warned, text)) {
        warn_report("%s", text);
    }
}

DmaGuard *dma_guard_new(SpaprUv *uv, Object *parent, MemoryRegion *root,
                        AddressSpace *unfiltered)
{
    Object *owner = object_new(TYPE_DMA_GUARD);
    DmaGuard *guard = DMA_GUARD(owner);
    MemoryRegion *region;

    object_property_add_child(parent, "dma-guard", owner);
    object_unref(owner);

    guard->uv = uv;
    guard->unfiltered = unfiltered;
    memory_region_init_iommu(&guard->iommu, sizeof(guard->iommu),
                             TYPE_DMA_GUARD_REGION, owner, "dma-guard",
                             memory_region_size(root));
    region = MEMORY_REGION(&guard->iommu);
    memory_region_set_enabled(region, uv->secure);
    memory_region_add_subregion_overlap(root, 0, region, GUARD_PRIORITY);
    QLIST_INSERT_HEAD(&uv->guards, guard, next);
    return guard;
}

void dma_guard_free(DmaGuard *guard)
{
    MemoryRegion *region = MEMORY_REGION(&guard->iommu);

    QLIST_REMOVE(guard, next);
    memory_region_del_subregion(region->container, region);
    object_unparent(OBJECT(guard));
}

DmaGuard *dma_guard_function(Object *parent, PCIBus *bus, int devfn,
                             MemoryRegion *root, AddressSpace *unfiltered)
{
    SpaprUv *uv = &SPAPR_MACHINE(qdev_get_machine())->uv;
    DmaGuard *guard;

    if (!uv->enabled) {
        return NULL;
    }
    guard = dma_guard_new(uv, parent, root, unfiltered);
    guard->bus = bus;
    guard->devfn = devfn;
    return guard;
}

static void dma_guard_clear_logs(SpaprUv *uv)
{
    DmaGuard *guard;

    QEMU_LOCK_GUARD(&uv->lock);
    uv->violations = 0;
    QLIST_FOREACH(guard, &uv->guards, next) {
        guard->log = (struct dma_guard_log) {};
    }
}

void dma_guard_switch(SpaprUv *uv)
{
    DmaGuard *guard;

    if (uv->secure) {
        dma_guard_clear_logs(uv);
    }
    memory_region_transaction_begin();
    QLIST_FOREACH(guard, &uv->guards, next) {
        memory_region_set_enabled(MEMORY_REGION(&guard->iommu), uv->secure);
    }
    memory_region_transaction_commit();
}

static DmaGuard *dma_guard_of(IOMMUMemoryRegion *iommu)
{
    return object_dynamic_cast(OBJECT(iommu), TYPE_DMA_GUARD_REGION) ?
           container_of(iommu, DmaGuard, iommu) : NULL;
}

bool dma_guard_may_tell(IOMMUMemoryRegion *iommu, const IOMMUTLBEntry *entry)
{
    DmaGuard *guard = dma_guard_of(iommu);

    return !guard ||
           uv_pages_shared(&guard->uv->pages,
                           entry->translated_addr >> VDMA_UV_PAGE_SHIFT);
}

IOMMUAccessFlags dma_guard_permits(IOMMUMemoryRegion *iommu, hwaddr addr,
                                   IOMMUAccessFlags perm)
{
    DmaGuard *guard = dma_guard_of(iommu);
    MemoryRegionSection section;
    IOMMUMemoryRegion *window;

    if (!guard || perm == IOMMU_NONE) {
        return perm;
    }
    section = memory_region_find(guard->unfiltered->root, addr, 1);
    window = section.mr ? memory_region_get_iommu(section.mr) : NULL;
    if (window) {
        IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_GET_CLASS(window);

        perm = imrc->translate(window, section.offset_within_region,
                               IOMMU_NONE, 0).perm;
    } else {
        perm = IOMMU_RW;
    }
    memory_region_unref(section.mr);
    return perm;
}

/* What overlaps was told before, and leads where it did: the two are one. */
void dma_guard_told(IOMMUMemoryRegion *iommu, const IOMMUTLBEntry *entry,
                    hwaddr size)
{
    DmaGuard *guard = dma_guard_of(iommu);
    DMAMap map = {
        .iova = entry->iova,
        .translated_addr = entry->translated_addr,
        .size = size - 1,
        .perm = IOMMU_RW,
    };
    const DMAMap *old;

    /* One for each answer that a back end may keep. */
    QEMU_BUILD_BUG_ON(sizeof(DMAMap) > 32);

    while (guard && (old = iova_tree_find(guard->told, &map))) {
        hwaddr last = MAX(old->iova + old->size, map.iova + map.size);

        if (old->iova < map.iova) {
            map.translated_addr = old->translated_addr;
            map.iova = old->iova;
        }
        map.size = last - map.iova;
        iova_tree_remove(guard->told, *old);
    }
    if (guard) {
        iova_tree_insert(guard->told, &map);
    }
}

/* Note again the part of @old from @first to @last, if there is any. */
static void dma_guard_keep(DmaGuard *guard, const DMAMap *old, hwaddr first,
                           hwaddr last)
{
    DMAMap rest = {
        .iova = first,
        .translated_addr = old->translated_addr + (first - old->iova),
        .size = last - first,
        .perm = IOMMU_RW,
    };

    if (first <= last) {
        iova_tree_insert(guard->told, &rest);
    }
}

/* Have back ends forget @size + 1 bytes, if they were told any of them. */
static void dma_guard_unmap(DmaGuard *guard, hwaddr iova, hwaddr size)
{
    IOMMUTLBEvent event = {
        .type = IOMMU_NOTIFIER_UNMAP,
        .entry = {
            .target_as = &address_space_memory,
            .iova = iova,
            .addr_mask = size,
            .perm = IOMMU_NONE,
        },
    };
    DMAMap map = { .iova = iova, .size = size };
    const DMAMap *found = iova_tree_find(guard->told, &map);

    if (!found) {
        return;
    }
    for (; found; found = iova_tree_find(guard->told, &map)) {
        DMAMap old = *found;

        iova_tree_remove(guard->told, old);
        if (old.iova < iova) {
            dma_guard_keep(guard, &old, old.iova, iova - 1);
        }
        if (old.iova + old.size > iova + size) {
            dma_guard_keep(guard, &old, iova + size + 1, old.iova + old.size);
        }
    }
    memory_region_notify_iommu(&guard->iommu, 0, event);
}

void dma_guard_tce(const SpaprTceTable *tcet, const IOMMUTLBEntry *entry)
{
    SpaprUv *uv = &SPAPR_MACHINE(qdev_get_machine())->uv;
    SpaprPhbState *phb;
    DmaGuard *guard;

    if (!uv->secure) {
        return;
    }
    phb = (SpaprPhbState *)
        object_dynamic_cast(OBJECT(tcet)->parent, TYPE_SPAPR_PCI_HOST_BRIDGE);
    QLIST_FOREACH(guard, &uv->guards, next) {
        if (phb && guard->unfiltered == &phb->iommu_as) {
            dma_guard_unmap(guard, tcet->bus_offset + entry->iova,
                            entry->addr_mask);
        }
    }
}

void dma_guard_forget(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    DMAMap pages = {
        .translated_addr = gfn << VDMA_UV_PAGE_SHIFT,
        .size = (num << VDMA_UV_PAGE_SHIFT) - 1,
    };
    hwaddr last = pages.translated_addr + pages.size;
    DmaGuard *guard;

    QLIST_FOREACH(guard, &uv->guards, next) {
        const DMAMap *found;

        while ((found = iova_tree_find_iova(guard->told, &pages))) {
            hwaddr first = MAX(found->translated_addr, pages.translated_addr);

            dma_guard_unmap(guard,
                            found->iova + (first - found->translated_addr),
                            MIN(found->translated_addr + found->size, last) -
                            first);
        }
    }
}

/* The last listener leaves, and has forgotten all. */
static int guard_notify_flag_changed(IOMMUMemoryRegion *iommu,
                                     IOMMUNotifierFlag old,
                                     IOMMUNotifierFlag new, Error **errp)
{
    DmaGuard *guard = container_of(iommu, DmaGuard, iommu);

    if (new == IOMMU_NOTIFIER_NONE) {
        iova_tree_destroy(guard->told);
        guard->told = iova_tree_new();
    }
    return 0;
}

static void dma_guard_instance_init(Object *obj)
{
    DMA_GUARD(obj)->told = iova_tree_new();
}

static void dma_guard_finalize(Object *obj)
{
    iova_tree_destroy(DMA_GUARD(obj)->told);
}

static void guard_region_class_init(ObjectClass *klass, ClassData data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(klass);

    imrc->translate = guard_translate;
    imrc->accessed = guard_accessed;
    imrc->notify_flag_changed = guard_notify_flag_changed;
}

static const TypeInfo dma_guard_types[] = {
    {
        .name = TYPE_DMA_GUARD,
        .parent = TYPE_OBJECT,
        .instance_size = sizeof(DmaGuard),
        .instance_init = dma_guard_instance_init,
        .instance_finalize = dma_guard_finalize,
    },
    {
        .name = TYPE_DMA_GUARD_REGION,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .class_init = guard_region_class_init,
    },
};

DEFINE_TYPES(dma_guard_types)
