// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: how long a device has its pool. From when device.c has decided until
 * its driver has left, and until nothing is mapped any more: a process that has a
 * buffer of a graphics card open keeps it mapped, driver or not. Only the pool's own
 * operations can unmap it, so these stay in force, and the module is held.
 */
#include <linux/dma-map-ops.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <vdma/error.h>
#include "compat.h"
#include "pool.h"
#include "vdp.h"

/* Pools whose driver has left, and which are still in use. */
static LIST_HEAD(ended_pools);
static DEFINE_MUTEX(ended_lock);

static struct vdp_pool *find_ended(const struct device *dev)
{
	struct vdp_pool *pool;

	lockdep_assert_held(&ended_lock);
	list_for_each_entry(pool, &ended_pools, node)
		if (pool->dev == dev)
			return pool;
	return NULL;
}

/* Have all who map for the device do it through this pool. */
static void put_in_force(struct vdp_pool *pool)
{
	dev_clear_dma_ops_bypass(pool->dev);
	pool->dev->bus_dma_limit = 0;
	set_dma_ops(pool->dev, &pool->ops);
}

static unsigned int mappings(struct vdp_pool *pool)
{
	u64 bytes;

	return vdma_slots_live(&pool->bounce.slots, &bytes);
}

static void free_pool(struct vdp_later *later)
{
	vdp_pool_free(container_of(later, struct vdp_pool, later));
}

/* Nothing is mapped any more. */
static void retire(struct vdp_pool *pool)
{
	set_dma_ops(pool->dev, pool->kernel);
	vdp_free_later(&pool->later, free_pool);
	module_put(THIS_MODULE);
}

static void reap(struct work_struct *unused)
{
	struct vdp_pool *pool, *next;

	/* After this nobody is in an unmap who has not seen that the pool ended. */
	synchronize_rcu_tasks();
	mutex_lock(&ended_lock);
	list_for_each_entry_safe(pool, next, &ended_pools, node) {
		if (mappings(pool))
			continue;
		list_del(&pool->node);
		retire(pool);
	}
	mutex_unlock(&ended_lock);
}

static DECLARE_WORK(reaper, reap);

/**
 * vdp_pools_reap() - retire the pools that have ended and are no longer in use
 *
 * Context: any; does it later.
 */
void vdp_pools_reap(void)
{
	schedule_work(&reaper);
}

/* Wait until all is freed; no pool is in use, and none will be made. */
void vdp_pools_settle(void)
{
	/* Whoever is still leaving an unmap may have called the reaper. */
	vdp_later_flush();
	flush_work(&reaper);
}

/**
 * vdp_pool_get() - give a device a pool, and have drivers use it
 * @pdev: the device; nothing is mapped for it, but for what keeps a pool that ended
 * @iommu: it obeys the IOMMU
 * @size: of the pool in bytes
 * @pool: receives it: the one that ended, if there is one
 *
 * Holds the module, whose code the device's driver calls from now on, unless it is
 * being unloaded: then there is no pool.
 *
 * Context: may sleep.
 * Return: VDMA_OK, or the reason why there is none.
 */
int vdp_pool_get(struct pci_dev *pdev, bool iommu, u64 size,
		 struct vdp_pool **pool)
{
	int error = VDMA_OK;

	if (!try_module_get(THIS_MODULE))
		return VDMA_E_ENDING;
	mutex_lock(&ended_lock);
	*pool = find_ended(&pdev->dev);
	if (*pool) {
		list_del(&(*pool)->node);
		WRITE_ONCE((*pool)->ended, false);
		/* It held the module already. */
		module_put(THIS_MODULE);
	} else {
		error = vdp_pool_make(pdev, iommu, size, pool);
	}
	if (!error)
		put_in_force(*pool);
	mutex_unlock(&ended_lock);
	if (error)
		module_put(THIS_MODULE);
	return error;
}

/**
 * vdp_pool_put() - take a device's pool away, once nothing is mapped in it
 * @pool: what vdp_pool_get() gave; the device was reset and has no driver
 *
 * Context: may sleep.
 */
void vdp_pool_put(struct vdp_pool *pool)
{
	unsigned int count;

	mutex_lock(&ended_lock);
	WRITE_ONCE(pool->ended, true);
	count = mappings(pool);
	if (count) {
		dev_info(pool->dev, "virtio DMA: %u mappings outlive the driver; keeping the bounce pool until they are gone\n",
			 count);
		list_add(&pool->node, &ended_pools);
		vdp_pools_reap();
	} else {
		retire(pool);
	}
	mutex_unlock(&ended_lock);
}

/**
 * vdp_pool_keep() - leave a pool that has ended in force
 * @dev: a device that a new driver is about to take, be it in another mode
 *
 * Context: may sleep.
 */
void vdp_pool_keep(struct device *dev)
{
	struct vdp_pool *pool;

	mutex_lock(&ended_lock);
	pool = find_ended(dev);
	if (pool)
		put_in_force(pool);
	mutex_unlock(&ended_lock);
}

/**
 * vdp_pool_empty_rings() - unmap the buffers that are left in a device's rings
 * @pool: the device's pool
 * @vdev: the device, whose driver is about to delete the rings
 *
 * Some drivers leave buffers in their rings: virtio_scsi its events, virtio_rng
 * its last read. The virtio core deletes such a ring and never unmaps them. What
 * is still mapped after this belongs to somebody who will unmap it.
 *
 * Nothing is copied out: the driver may have freed the buffers.
 */
void vdp_pool_empty_rings(struct vdp_pool *pool, struct virtio_device *vdev)
{
	struct virtqueue *vq;

	WRITE_ONCE(pool->unmap_flags, VDMA_BOUNCE_NO_COPY);
	virtio_device_for_each_vq(vdev, vq)
		while (virtqueue_detach_unused_buf(vq))
			;
	WRITE_ONCE(pool->unmap_flags, 0);
}
