/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back ends that keep translations: vhost, in the kernel or in a process.
 *
 * A TCE window or bypass window leaves the address space of a function through
 * MemoryListener.region_del, once and as a whole, without a look at its TCEs;
 * vhost passes that on. Changes of single TCEs come through IOMMU notifiers.
 */
#include "qemu/osdep.h"
#include "hw/ppc/spapr.h"
#include "vdma/abi.h"
#include "dma_guard.h"
#include "vdma_iotlb.h"
#include "trace.h"

#define WINDOW_BASE (UINT64_C(1) << VDMA_BYPASS_WINDOW_SHIFT)
#define PAGE_MASK_MIN UINT64_C(0xfff)

/* PAPR: the bits of a TCE that permit an access. */
#define TCE_RW UINT64_C(3)

/* TCEs in an answer: as many as H_PUT_TCE_INDIRECT takes. */
#define RUN_MAX 512

/* Other machines of this binary do not have these windows. */
static bool vdma_iotlb_is_pseries(void)
{
    return object_dynamic_cast(qdev_get_machine(), TYPE_SPAPR_MACHINE);
}

bool vdma_iotlb_window(const MemoryRegionSection *section, hwaddr addr,
                       IOMMUTLBEntry *entry)
{
    hwaddr first = section->offset_within_address_space;
    hwaddr last = first + int128_get64(section->size) - 1;
    hwaddr mask = PAGE_MASK_MIN, more = mask << 1 | 1;

    if (first < WINDOW_BASE || !memory_region_is_ram(section->mr) ||
        !vdma_iotlb_is_pseries()) {
        return false;
    }
    while ((addr & ~more) >= first && (addr | more) <= last) {
        mask = more;
        more = mask << 1 | 1;
    }
    *entry = (IOMMUTLBEntry) {
        .target_as = &address_space_memory,
        .iova = addr & ~mask,
        .translated_addr = (addr & ~mask) - WINDOW_BASE,
        .addr_mask = mask,
        .perm = IOMMU_RW,
    };
    trace_vdma_iotlb_window(addr, entry->iova, mask);
    return true;
}

/* The translation of an address, with all that its TCE permits. */
static IOMMUTLBEntry vdma_iotlb_at(IOMMUMemoryRegion *iommu, hwaddr addr,
                                   bool write)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_GET_CLASS(iommu);
    IOMMUTLBEntry entry =
        imrc->translate(iommu, addr, write ? IOMMU_WO : IOMMU_RO, 0);

    entry.perm = dma_guard_permits(iommu, addr, entry.perm);
    return entry;
}

static hwaddr vdma_iotlb_run_in(IOMMUMemoryRegion *iommu, hwaddr addr,
                                IOMMUTLBEntry *entry, bool write)
{
    IOMMUTLBEntry next = vdma_iotlb_at(iommu, addr, write);
    hwaddr size = entry->addr_mask + 1;
    unsigned int i;

    entry->perm = next.perm;
    for (i = 1; i < RUN_MAX; i++) {
        next = vdma_iotlb_at(iommu, addr + size, write);
        if (next.perm != entry->perm ||
            next.target_as != &address_space_memory ||
            next.translated_addr != entry->translated_addr + size ||
            !dma_guard_may_tell(iommu, &next)) {
            break;
        }
        size += next.addr_mask + 1;
    }
    dma_guard_told(iommu, entry, size);
    return size;
}

hwaddr vdma_iotlb_run(AddressSpace *as, IOMMUTLBEntry *entry, bool write)
{
    hwaddr size = entry->addr_mask + 1;
    MemoryRegionSection section;

    if (!vdma_iotlb_is_pseries()) {
        return size;
    }
    section = memory_region_find(as->root, entry->iova, 1);
    if (section.mr && memory_region_is_iommu(section.mr)) {
        size = vdma_iotlb_run_in(IOMMU_MEMORY_REGION(section.mr),
                                 section.offset_within_region, entry, write);
    }
    memory_region_unref(section.mr);
    return size;
}

static void vdma_iotlb_unmap(SpaprTceTable *tcet, uint64_t first, uint64_t end)
{
    IOMMUTLBEvent event = {
        .type = IOMMU_NOTIFIER_UNMAP,
        .entry = {
            .target_as = &address_space_memory,
            .iova = first << tcet->page_shift,
            .addr_mask = ((end - first) << tcet->page_shift) - 1,
            .perm = IOMMU_NONE,
        },
    };

    memory_region_notify_iommu(&tcet->iommu, 0, event);
    vdma_iotlb_unmapped(tcet, &event.entry);
}

/* Does a TCE lead into the section? */
static bool vdma_iotlb_leads_to(uint64_t tce, uint32_t page_shift,
                                const MemoryRegionSection *section)
{
    hwaddr first = tce & ~MAKE_64BIT_MASK(0, page_shift);
    hwaddr last = first | MAKE_64BIT_MASK(0, page_shift);
    hwaddr start = section->offset_within_address_space;

    return tce & TCE_RW && last >= start &&
           first < start + int128_get64(section->size);
}

/* Unmap all TCEs of a table that lead into the section, run by run. */
static int vdma_iotlb_forget(Object *obj, void *section)
{
    SpaprTceTable *tcet = (SpaprTceTable *)
        object_dynamic_cast(obj, TYPE_SPAPR_TCE_TABLE);
    uint64_t i;

    for (i = 0; tcet && tcet->table && i < tcet->nb_table; i++) {
        uint64_t first = i;

        while (i < tcet->nb_table &&
               vdma_iotlb_leads_to(tcet->table[i], tcet->page_shift, section)) {
            i++;
        }
        if (i > first) {
            vdma_iotlb_unmap(tcet, first, i);
        }
    }
    return 0;
}

/* The memory is still there: the new flat view follows. */
static void vdma_iotlb_memory_goes(MemoryListener *listener,
                                   MemoryRegionSection *section)
{
    if (memory_region_is_ram(section->mr)) {
        object_child_foreach_recursive(qdev_get_machine(), vdma_iotlb_forget,
                                       section);
    }
}

void vdma_iotlb_init(void)
{
    static MemoryListener listener = {
        .name = "vdma-iotlb",
        .region_del = vdma_iotlb_memory_goes,
    };

    memory_listener_register(&listener, &address_space_memory);
}

void vdma_iotlb_unmapped(SpaprTceTable *tcet, const IOMMUTLBEntry *entry)
{
    dma_guard_tce(tcet, entry);
}

void vdma_iotlb_window_gone(SpaprTceTable *tcet)
{
    IOMMUTLBEntry all = {
        .addr_mask = ((uint64_t)tcet->nb_table << tcet->page_shift) - 1,
    };

    dma_guard_tce(tcet, &all);
}

bool vdma_iotlb_gone(const MemoryRegionSection *section, uint64_t *size)
{
    bool gone =
        vdma_iotlb_is_pseries() && (memory_region_is_ram(section->mr) ||
                                    memory_region_is_iommu(section->mr));

    *size = int128_gethi(section->size) ? UINT64_MAX :
                                          int128_getlo(section->size);
    if (gone) {
        trace_vdma_iotlb_gone(section->mr->name,
                              section->offset_within_address_space, *size);
    }
    return gone;
}
