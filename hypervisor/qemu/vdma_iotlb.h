/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back ends that keep translations (vhost): what they are told, and when.
 *
 * Called from hw/ppc/spapr_iommu.c, hw/virtio/vhost.c and system/physmem.c.
 */
#ifndef HW_VDMA_VDMA_IOTLB_H
#define HW_VDMA_VDMA_IOTLB_H

#include "compat.h"
#include "qemu/rcu.h"

typedef struct SpaprTceTable SpaprTceTable;

/**
 * struct SpaprTceView - what a TCE window is to a device's thread
 * @table: its TCEs
 * @page_shift: log2 of the bytes that one is about
 * @nb_table: their number
 *
 * Never changed once it can be seen, so that the three always fit each other,
 * and not freed while anybody looks.
 */
typedef struct SpaprTceView {
    struct rcu_head rcu;
    uint64_t *table;
    uint32_t page_shift;
    uint32_t nb_table;
} SpaprTceView;

/**
 * vdma_iotlb_show() - let devices' threads translate by @tcet as it is now
 *
 * Before they can reach the window, and whenever its table is another.
 *
 * Context: BQL held.
 */
void vdma_iotlb_show(SpaprTceTable *tcet);

/**
 * vdma_iotlb_hide() - let them no longer, before the table is freed
 *
 * Context: BQL held.
 */
void vdma_iotlb_hide(SpaprTceTable *tcet);

/**
 * vdma_iotlb_window() - the translation of an address in a bypass window
 * @section: what stands at @addr, nothing having translated it
 * @addr: I/O address
 * @entry: filled in: the largest aligned block of memory around @addr
 *
 * To its back end a window is memory behind an IOMMU that translates by adding.
 * Blocks that large make all of memory a few entries, whatever the traffic.
 *
 * Return: false if @addr is in no bypass window; @entry is as it was.
 */
bool vdma_iotlb_window(const MemoryRegionSection *section, hwaddr addr,
                       IOMMUTLBEntry *entry);

/**
 * vdma_iotlb_tce() - a TCE has changed: tell those who may have kept it
 * @iommu: the window
 * @was_valid: it allowed some access before
 * @now: the event of its new value, of type UNMAP if it allows none
 *
 * Where nothing was mapped nothing can have been kept, and an entry that is
 * replaced is unmapped first: who only listens to unmaps would not hear of it.
 */
void vdma_iotlb_tce(IOMMUMemoryRegion *iommu, bool was_valid,
                    const IOMMUTLBEvent *now);

/**
 * vdma_iotlb_gone() - is a section that leaves an address space to be unmapped?
 * @size: receives its size in bytes; of all addresses there are, less the last
 *
 * An IOMMU's window or memory, of which something may have been kept.
 */
bool vdma_iotlb_gone(const MemoryRegionSection *section, uint64_t *size);

/**
 * vdma_iotlb_free_table() - free a TCE table once nobody reads it any more
 *
 * A device's own thread may be translating with it.
 */
void vdma_iotlb_free_table(uint64_t *table);

#endif /* HW_VDMA_VDMA_IOTLB_H */
