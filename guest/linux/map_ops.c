// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: mapping operations of a virtio device (struct virtio_map_ops), which keep
 * its driver from mapping buffers by itself.
 *
 * virtio_net of Linux 7.2 receives into a page pool, which maps each page once and keeps
 * it mapped while its data waits in a socket. A bounce pool has no room for that: data
 * that programs do not read would stop the card. A driver that finds no device to map for
 * (virtqueue_dma_dev()) leaves it to the virtio core, which maps a buffer while it is in
 * a ring. These operations do what the core does without them.
 */
#include <linux/dma-mapping.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include "vdp.h"

#ifdef VDP_HAVE_MAP_OPS

static dma_addr_t map_ops_map_page(union virtio_map map, struct page *page,
				   unsigned long offset, size_t size,
				   enum dma_data_direction dir,
				   unsigned long attrs)
{
	return dma_map_page_attrs(map.dma_dev, page, offset, size, dir, attrs);
}

static void map_ops_unmap_page(union virtio_map map, dma_addr_t dma, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_page_attrs(map.dma_dev, dma, size, dir, attrs);
}

static void map_ops_sync_for_cpu(union virtio_map map, dma_addr_t dma,
				 size_t size, enum dma_data_direction dir)
{
	dma_sync_single_for_cpu(map.dma_dev, dma, size, dir);
}

static void map_ops_sync_for_device(union virtio_map map, dma_addr_t dma,
				    size_t size, enum dma_data_direction dir)
{
	dma_sync_single_for_device(map.dma_dev, dma, size, dir);
}

static void *map_ops_alloc(union virtio_map map, size_t size, dma_addr_t *dma,
			   gfp_t gfp)
{
	return dma_alloc_coherent(map.dma_dev, size, dma, gfp);
}

static void map_ops_free(union virtio_map map, size_t size, void *cpu,
			 dma_addr_t dma, unsigned long attrs)
{
	dma_free_attrs(map.dma_dev, size, cpu, dma, attrs);
}

static bool map_ops_need_sync(union virtio_map map, dma_addr_t dma)
{
	return dma_need_sync(map.dma_dev, dma);
}

static int map_ops_mapping_error(union virtio_map map, dma_addr_t dma)
{
	return dma_mapping_error(map.dma_dev, dma);
}

static size_t map_ops_max_mapping_size(union virtio_map map)
{
	return dma_max_mapping_size(map.dma_dev);
}

static const struct virtio_map_ops map_ops = {
	.map_page = map_ops_map_page,
	.unmap_page = map_ops_unmap_page,
	.sync_single_for_cpu = map_ops_sync_for_cpu,
	.sync_single_for_device = map_ops_sync_for_device,
	.alloc = map_ops_alloc,
	.free = map_ops_free,
	.need_sync = map_ops_need_sync,
	.mapping_error = map_ops_mapping_error,
	.max_mapping_size = map_ops_max_mapping_size,
};

/**
 * vdp_map_ops_set() - have the virtio core map all buffers of a device
 * @vdev: the device, on PCI, which has no driver
 */
void vdp_map_ops_set(struct virtio_device *vdev)
{
	vdev->vmap.dma_dev = vdev->dev.parent;
	vdev->map = &map_ops;
}

/**
 * vdp_map_ops_clear() - undo vdp_map_ops_set(), if it was done
 * @vdev: the device, which has no driver
 */
void vdp_map_ops_clear(struct virtio_device *vdev)
{
	if (vdev->map == &map_ops)
		vdev->map = NULL;
}

#else

/* In older kernels no driver keeps a buffer mapped that is not in a ring. */
void vdp_map_ops_set(struct virtio_device *vdev)
{
}

void vdp_map_ops_clear(struct virtio_device *vdev)
{
}

#endif
