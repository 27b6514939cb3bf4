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
