/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU tells back ends that keep translations, such as vhost.
 *
 * Called from hw/ppc/spapr.c, hw/ppc/spapr_iommu.c, hw/virtio/vhost.c and
 * system/physmem.c.
 */
#ifndef HW_VDMA_VDMA_IOTLB_H
#define HW_VDMA_VDMA_IOTLB_H

#include "compat.h"

typedef struct SpaprTceTable SpaprTceTable;

/**
 * vdma_iotlb_window() - translate an address in a bypass window
 * @section: the memory at @addr, after all IOMMUs
 * @addr: I/O address
 * @entry: filled in: the largest aligned block of memory around @addr
 *
 * To a back end the window is memory behind an IOMMU that adds a constant. With
 * blocks that large, all of memory takes a few entries.
 *
 * Return: false if @addr is in no bypass window, and @entry is unchanged.
 */
bool vdma_iotlb_window(const MemoryRegionSection *section, hwaddr addr,
                       IOMMUTLBEntry *entry);

/**
 * vdma_iotlb_init() - begin to watch memory that is removed
 *
 * TCEs may lead to it. They stay as they are, but before it goes, all listeners
 * get an UNMAP for them.
 */
void vdma_iotlb_init(void);

/**
 * vdma_iotlb_run() - how much to answer to a miss
 * @as: address space of the device
 * @entry: translation of the page that the back end asked for; gets what the
 *         TCE permits
 * @write: the access that it asked for
 *
 * On pseries, TCEs after that page join it while they are contiguous in memory
 * and permit the same: a buffer takes one message. What QEMU has translated is
 * said to permit reads and writes, whichever was asked for.
 *
 * Return: bytes from the start of the page.
 */
hwaddr vdma_iotlb_run(AddressSpace *as, IOMMUTLBEntry *entry, bool write);

/**
 * vdma_iotlb_unmapped() - tell back ends behind a DMA guard of TCEs
 * @tcet: the window
 * @entry: the addresses that were unmapped, within the window
 *
 * They listen to the guard, which hides the window.
 *
 * Context: BQL held.
 */
void vdma_iotlb_unmapped(SpaprTceTable *tcet, const IOMMUTLBEntry *entry);

/**
 * vdma_iotlb_window_gone() - the same for all of a window that was removed
 */
void vdma_iotlb_window_gone(SpaprTceTable *tcet);

/**
 * vdma_iotlb_gone() - may back ends keep translations into a section?
 * @section: leaves an address space
 * @size: set to its size in bytes, or to UINT64_MAX if that has 65 bits
 *
 * Return: true for memory and for the window of an IOMMU, on pseries.
 */
bool vdma_iotlb_gone(const MemoryRegionSection *section, uint64_t *size);

#endif /* HW_VDMA_VDMA_IOTLB_H */
