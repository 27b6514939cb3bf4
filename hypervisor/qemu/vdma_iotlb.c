/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back ends that keep translations: vhost, in the kernel or in a process.
 *
 * Whatever leaves a function's address space, a TCE window or the bypass
 * window, leaves by way of MemoryListener.region_del, once, as a whole, and
 * without a look at the TCE table; vhost hands that on. Single TCEs come by the
 * IOMMU's notifiers.
 */
#include "qemu/osdep.h"
#include "qemu/rcu.h"
#include "hw/ppc/spapr.h"
#include "vdma/abi.h"
#include "dma_guard.h"
#include "vdma_iotlb.h"
#include "trace.h"

#define WINDOW_BASE (UINT64_C(1) << VDMA_BYPASS_WINDOW_SHIFT)
#define PAGE_MASK_MIN UINT64_C(0xfff)

/* Other machines of this binary have neither windows nor our back ends. */
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

void vdma_iotlb_tce(IOMMUMemoryRegion *iommu, bool was_valid,
                    const IOMMUTLBEvent *now)
{
    if (was_valid) {
        IOMMUTLBEvent unmap = *now;

        unmap.type = IOMMU_NOTIFIER_UNMAP;
        unmap.entry.perm = IOMMU_NONE;
        memory_region_notify_iommu(iommu, 0, unmap);
        dma_guard_tce(container_of(iommu, SpaprTceTable, iommu), &unmap.entry);
    }
    if (now->type == IOMMU_NOTIFIER_MAP) {
        memory_region_notify_iommu(iommu, 0, *now);
    }
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

static void vdma_iotlb_set_view(SpaprTceTable *tcet, SpaprTceView *view)
{
    SpaprTceView *old = tcet->view;

    qatomic_rcu_set(&tcet->view, view);
    if (old) {
        g_free_rcu(old, rcu);
    }
}

void vdma_iotlb_show(SpaprTceTable *tcet)
{
    SpaprTceView *view = g_new0(SpaprTceView, 1);

    view->table = tcet->table;
    view->page_shift = tcet->page_shift;
    view->nb_table = tcet->nb_table;
    vdma_iotlb_set_view(tcet, view);
}

void vdma_iotlb_hide(SpaprTceTable *tcet)
{
    IOMMUTLBEntry all = {
        .addr_mask = ((uint64_t)tcet->nb_table << tcet->page_shift) - 1,
    };

    vdma_iotlb_set_view(tcet, NULL);
    /* A guard covers the window: no listener sees that it goes. */
    dma_guard_tce(tcet, &all);
}

typedef struct Garbage {
    struct rcu_head rcu;
    uint64_t *table;
} Garbage;

static void vdma_iotlb_garbage_free(Garbage *garbage)
{
    g_free(garbage->table);
    g_free(garbage);
}

void vdma_iotlb_free_table(uint64_t *table)
{
    Garbage *garbage = g_new0(Garbage, 1);

    garbage->table = table;
    call_rcu(garbage, vdma_iotlb_garbage_free, rcu);
}
