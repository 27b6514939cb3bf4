/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device's pool, between pool.c, pool_life.c and dma_ops.c.
 */
#ifndef VDP_POOL_H
#define VDP_POOL_H

#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <vdma/bounce.h>
#include "vdp.h"

/**
 * struct vdp_lock - a lock that the library takes, in interrupts too
 * @ops: what the library gets
 * @spinlock: the lock
 * @flags: of the CPU that holds it
 */
struct vdp_lock {
	struct vdma_lock ops;
	spinlock_t spinlock;	/* of a pool's slots, or of what is shared */
	unsigned long flags;
};

/**
 * struct vdp_pool - what a device in mode bounce has
 * @ops: the device's DMA operations; where they are is how they find the rest
 * @kernel: the operations that it had before
 * @dev: the device; the pool holds a reference
 * @bounce: the pool
 * @reach: how the device reaches it
 * @lock: of @bounce
 * @private: memory of @bounce
 * @receive_max: how much of the pool may be mapped for the device only to write, in
 *		 bytes; U64_MAX without a limit
 * @received: how much is, if there is a limit
 * @unmap_flags: for each unmap: VDMA_BOUNCE_NO_COPY while rings are emptied
 * @told: that the pool was full
 * @ended: the device's driver is gone, but not all that is mapped
 * @node: in the list of pools that have ended
 * @later: to free it
 */
struct vdp_pool {
	struct dma_map_ops ops;
	const struct dma_map_ops *kernel;
	struct device *dev;
	struct vdma_bounce bounce;
	struct vdma_domain reach;
	struct vdp_lock lock;
	void *private;
	u64 receive_max;
	atomic64_t received;
	unsigned int unmap_flags;
	unsigned long told;
	bool ended;
	struct list_head node;
	struct vdp_later later;
};

extern const struct dma_map_ops vdp_dma_ops;

/* pool.c */
void vdp_pools_start(void);
void vdp_pools_stop(void);
int vdp_pool_make(struct pci_dev *pdev, bool iommu, u64 size,
		  struct vdp_pool **pool);
void vdp_pool_free(struct vdp_pool *pool);

/* pool_life.c */
void vdp_pools_settle(void);
int vdp_pool_get(struct pci_dev *pdev, bool iommu, u64 size,
		 struct vdp_pool **pool);
void vdp_pool_put(struct vdp_pool *pool);
void vdp_pool_empty_rings(struct vdp_pool *pool, struct virtio_device *vdev);
void vdp_pool_keep(struct device *dev);
void vdp_pools_reap(void);

#endif /* VDP_POOL_H */
