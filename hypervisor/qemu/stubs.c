/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that system/physmem.c and hw/virtio/vhost.c call, for targets
 * without pseries.
 */
#include "qemu/osdep.h"
#include "dma_guard_maps.h"
#include "vdma_iotlb.h"

bool dma_guard_maps_on;

void dma_guard_maps_add(AddressSpace *as, void *host, hwaddr size, bool write)
{
}

void dma_guard_maps_remove(const AddressSpace *as, const void *host,
                           hwaddr size, bool write)
{
}

bool dma_guard_vhost(const struct vhost_dev *hdev, VirtIODevice *vdev)
{
    return true;
}

bool vdma_iotlb_window(const MemoryRegionSection *section, hwaddr addr,
                       IOMMUTLBEntry *entry)
{
    return false;
}

hwaddr vdma_iotlb_run(AddressSpace *as, IOMMUTLBEntry *entry, bool write)
{
    return entry->addr_mask + 1;
}

bool vdma_iotlb_gone(const MemoryRegionSection *section, uint64_t *size)
{
    return false;
}
