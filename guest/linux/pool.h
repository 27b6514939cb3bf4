/* SPDX-License-Identifier: GPL-2.0 */
/* A device's bounce pool. */
#ifndef VDP_POOL_H
#define VDP_POOL_H

#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <vdma/bounce.h>
#include <vdma/secure.h>
#include "vdp.h"

/**
 * struct vdp_pool_lock - a lock that the library takes, also in interrupts
 * @ops: passed to the library
 * @spinlock: the lock
 * @flags: of the CPU that holds it
 */
struct vdp_pool_lock {
	struct vdma_lock ops;
	spinlock_t spinlock;	/* of a pool's slots, or of the list of shared memory */
	unsigned long flags;
};

/**
 * struct vdp_pool_limits - limits of a pool, in bytes
 * @size: of the pool
 * @mapping: largest mapping, or 0 for the library's own limit
 * @rx: maximum of bytes mapped for receiving; U64_MAX without a limit
 */
struct vdp_pool_limits {
	u64 size;
	u64 mapping;
	u64 rx;
};

/**
 * struct vdp_pool - the pool of a device in mode bounce
 * @ops: the device's DMA operations; their address leads to the rest
 * @orig_ops: the operations that it had before
 * @dev: the device; the pool holds a reference
 * @bounce: the pool itself
 * @parent: how the device reaches it
 * @mapped: it has TCEs in the device's window
 * @lock: of @bounce
 * @private: private memory of @bounce
 * @rx_max: limit of @rx_used
 * @rx_used: bytes mapped for receiving, if there is a limit
 * @rx_full: maps refused by it
 * @unmap_flags: for each unmap: VDMA_BOUNCE_NO_COPY while rings are emptied
 * @warned_full: the log says that the pool was full
 * @ended: the device's driver has left
 * @node: in the list of pools that have ended
 * @later: to free it
 */
struct vdp_pool {
	struct dma_map_ops ops;
	const struct dma_map_ops *orig_ops;
	struct device *dev;
	struct vdma_bounce bounce;
	struct vdma_domain parent;
	bool mapped;
	struct vdp_pool_lock lock;
	void *private;
	u64 rx_max;
	atomic64_t rx_used;
	atomic64_t rx_full;
	unsigned int unmap_flags;
	unsigned long warned_full;
	bool ended;
	struct list_head node;
	struct vdp_later later;
};

/* pool.c */
void vdp_pools_start(const struct dma_map_ops *ops);
void vdp_pools_stop(void);
int vdp_pool_get(struct pci_dev *pdev, bool iommu,
		 const struct vdp_pool_limits *limits, struct vdp_pool **pool);
void vdp_pool_put(struct vdp_pool *pool);
void vdp_pool_empty_rings(struct vdp_pool *pool, struct virtio_device *vdev);
void vdp_pool_keep(struct device *dev);
void vdp_pool_detach(struct device *dev);
void vdp_pools_reap(void);

#endif /* VDP_POOL_H */
