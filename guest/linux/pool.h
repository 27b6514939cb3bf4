/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device's pool, between pool.c and dma_ops.c.
 */
#ifndef VDP_POOL_H
#define VDP_POOL_H

#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <vdma/bounce.h>

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
 * @dev: the device
 * @bounce: the pool
 * @reach: how the device reaches it
 * @lock: of @bounce
 * @private: memory of @bounce
 * @receive_max: nothing is mapped for the device to write while more bytes of the
 *		 pool than this are in use
 * @told: that the pool was full
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
	unsigned long told;
};

extern const struct dma_map_ops vdp_dma_ops;

void vdp_pools_start(void);
void vdp_pools_stop(void);
int vdp_pool_get(struct pci_dev *pdev, bool iommu, u64 size,
		 struct vdp_pool **pool);
void vdp_pool_put(struct vdp_pool *pool);

#endif /* VDP_POOL_H */
