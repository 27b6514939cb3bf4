/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that devices have mapped. A device that maps a buffer has a
 * pointer to it, and no filter sees what it does there; so it must be known
 * who holds which pages when a secure VM takes them back.
 *
 * Called from system/physmem.c and hw/virtio/vhost.c.
 */
#ifndef HW_VDMA_DMA_GUARD_MAPS_H
#define HW_VDMA_DMA_GUARD_MAPS_H

#include "compat.h"
#include "hw/virtio/virtio.h"

extern bool dma_guard_maps_on;

/**
 * dma_guard_maps_watch() - from now on, know what is mapped
 */
void dma_guard_maps_watch(void);

void dma_guard_maps_add(AddressSpace *as, void *host, hwaddr size, bool write);
void dma_guard_maps_remove(const AddressSpace *as, const void *host,
                           hwaddr size, bool write);

/**
 * dma_guard_mapped() - @host is what address_space_map() is about to return
 *
 * Return: @host.
 */
static inline void *dma_guard_mapped(AddressSpace *as, void *host, hwaddr size,
                                     bool write)
{
    if (unlikely(dma_guard_maps_on)) {
        dma_guard_maps_add(as, host, size, write);
    }
    return host;
}

/**
 * dma_guard_unmapped() - @host is given back to address_space_unmap()
 */
static inline void dma_guard_unmapped(AddressSpace *as, void *host,
                                      hwaddr size, bool write)
{
    if (unlikely(dma_guard_maps_on)) {
        dma_guard_maps_remove(as, host, size, write);
    }
}

struct vhost_dev;

/**
 * dma_guard_vhost() - may a vhost back end start, which maps all of memory?
 * @hdev: the back end
 * @vdev: its device, plugged after UV_ESM, which looks at those that are there
 *
 * With VIRTIO_F_ACCESS_PLATFORM, negotiated and passed on, it has to ask for
 * each translation.
 *
 * Return: false, and a person was told, if the VM is secure and the device has
 * not that.
 */
bool dma_guard_vhost(const struct vhost_dev *hdev, VirtIODevice *vdev);

#endif /* HW_VDMA_DMA_GUARD_MAPS_H */
