/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that devices have mapped. A device uses a mapped buffer by a
 * pointer, which no filter sees. So the guard keeps a list, for the time when a
 * secure VM takes pages back.
 *
 * Called from system/physmem.c and hw/virtio/vhost.c.
 */
#ifndef HW_VDMA_DMA_GUARD_MAPS_H
#define HW_VDMA_DMA_GUARD_MAPS_H

#include "compat.h"
#include "hw/virtio/virtio.h"

extern bool dma_guard_maps_on;

/**
 * dma_guard_maps_watch() - begin to keep the list
 */
void dma_guard_maps_watch(void);

void dma_guard_maps_add(AddressSpace *as, void *host, hwaddr size, bool write);
void dma_guard_maps_remove(const AddressSpace *as, const void *host,
                           hwaddr size, bool write);

/**
 * dma_guard_mapped() - note that address_space_map() returns @host
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
 * dma_guard_unmapped() - note that @host was passed to address_space_unmap()
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
 * dma_guard_vhost() - may a vhost back end start?
 * @hdev: the back end, which maps all memory
 * @vdev: its device
 *
 * With VIRTIO_F_ACCESS_PLATFORM, negotiated and passed on, it has to ask for
 * translations.
 *
 * Return: false, after a warning, if the VM is secure and the back end does not
 * have that feature.
 */
bool dma_guard_vhost(const struct vhost_dev *hdev, VirtIODevice *vdev);

#endif /* HW_VDMA_DMA_GUARD_MAPS_H */
