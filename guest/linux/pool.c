// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: a device's pool of pages, shared with the hypervisor if the guest is
 * secure. dma_ops.c has the operations that drivers call.
 *
 * A pool lives from device.c's decision until its driver has left and nothing is mapped
 * any more: a process that has a buffer of a graphics card open keeps it mapped, driver or
 * not. Only the pool's own operations can unmap it, so they stay in force, and the module
 * is held.
 */
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <asm/svm.h>
#include <asm/ultravisor.h>
#include <vdma/error.h>
#include "compat.h"
#include "pool.h"
#include "vdp.h"

/* A lock for the library that may be taken in an interrupt */
static void pool_lock_acquire(void *ctx) __acquires(ctx)
{
	struct vdp_pool_lock *lock = ctx;
	unsigned long flags;

	spin_lock_irqsave(&lock->spinlock, flags);
	lock->flags = flags;
}

static void pool_lock_release(void *ctx) __releases(ctx)
{
	struct vdp_pool_lock *lock = ctx;

	spin_unlock_irqrestore(&lock->spinlock, lock->flags);
}

static void pool_lock_init(struct vdp_pool_lock *lock)
{
	spin_lock_init(&lock->spinlock);
	lock->ops = (struct vdma_lock){ pool_lock_acquire, pool_lock_release, lock };
}

static int pool_pages_get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	void *cpu = alloc_pages_exact(len, GFP_KERNEL | __GFP_ZERO |
					   __GFP_NOWARN);

	if (!cpu)
		return VDMA_E_NO_MEMORY;
	mem->cpu = cpu;
	mem->phys = __pa(cpu);
	mem->len = len;
	return VDMA_OK;
}

static void pool_pages_put(void *ctx, const struct vdma_memory *mem)
{
	free_pages_exact(mem->cpu, mem->len);
}

static int64_t pool_ultracall(void *ctx, struct vdma_hcall *call)
{
	return ucall_norets(call->opcode, call->in[0], call->in[1]);
}

static const struct vdma_pages pages = { pool_pages_get, pool_pages_put, NULL };
static const struct vdma_hv_ops ultravisor = { .hcall = pool_ultracall };
static struct vdp_pool_lock secure_lock;
static struct vdma_secure secure;
static const struct dma_map_ops *pool_ops;

/**
 * vdp_pools_start() - prepare for pools
 * @ops: the DMA operations of a device that has one
 */
void vdp_pools_start(const struct dma_map_ops *ops)
{
	pool_ops = ops;
	pool_lock_init(&secure_lock);
	vdma_secure_init(&secure, is_secure_guest() ? &ultravisor : NULL,
			 &pages, &secure_lock.ops);
}

/*
 * A device behind the IOMMU reaches the pool, and nothing else, through TCEs in the
 * default window. The kernel's own operations enter them, once.
 */
static int pool_tce_map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
			enum vdma_dir dir, uint64_t *dma)
{
	struct vdp_pool *pool = container_of(domain, struct vdp_pool, parent);

	*dma = vdp_ops_map(pool->orig_ops, pool->dev, phys, len,
			   DMA_BIDIRECTIONAL);
	pool->mapped = *dma != DMA_MAPPING_ERROR;
	return pool->mapped ? VDMA_OK : VDMA_E_NO_SPACE;
}

static int pool_tce_unmap(struct vdma_domain *domain, uint64_t dma, uint64_t len,
			  enum vdma_dir dir)
{
	struct vdp_pool *pool = container_of(domain, struct vdp_pool, parent);

	if (pool->mapped)
		vdp_ops_unmap(pool->orig_ops, pool->dev, dma, len,
			      DMA_BIDIRECTIONAL);
	pool->mapped = false;
	return VDMA_OK;
}

static const struct vdma_domain_ops pool_tce_ops = {
	.map = pool_tce_map,
	.unmap = pool_tce_unmap,
};

static void pool_parent_init(struct vdp_pool *pool, bool iommu)
{
	if (iommu)
		pool->parent = (struct vdma_domain){
			.ops = &pool_tce_ops,
			.mode = VDMA_MODE_TCE,
			.max_len = U64_MAX,
		};
	else
		vdma_domain_direct(&pool->parent, NULL, U64_MAX);
}

/* A hint: migration is harmless. */
static unsigned int pool_cpu(void *ctx)
{
	return raw_smp_processor_id();
}

static void *pool_fill(u64 *to, u64 word, size_t count)
{
	return memset64(to, word, count);
}

static int pool_bounce_init(struct vdp_pool *pool, const struct vdp_pool_limits *limits)
{
	struct vdma_bounce_config config = {
		.memory = &secure.memory,
		.parent = &pool->parent,
		.size = limits->size,
		.max_len = limits->mapping,
		.clear_unwritten = is_secure_guest(),
		.cpus = nr_cpu_ids,
		.cpu = pool_cpu,
		.lock = &pool->lock.ops,
		.linear = PAGE_OFFSET,
		.copy = memcpy,
		.fill = pool_fill,
	};
	int error;

	get_random_bytes(config.secret, sizeof(config.secret));
	pool->private = kvzalloc(vdma_bounce_private_size(&config), GFP_KERNEL);
	if (!pool->private)
		return VDMA_E_NO_MEMORY;
	error = vdma_bounce_init(&pool->bounce, &config, pool->private);
	if (error)
		kvfree(pool->private);
	return error;
}

static int pool_make(struct pci_dev *pdev, bool iommu,
		     const struct vdp_pool_limits *limits,
		     struct vdp_pool **pool)
{
	struct vdp_pool *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int error;

	if (!p)
		return VDMA_E_NO_MEMORY;
	p->dev = &pdev->dev;
	p->orig_ops = get_dma_ops(p->dev);
	p->ops = *pool_ops;
	p->rx_max = limits->rx;
	pool_lock_init(&p->lock);
	pool_parent_init(p, iommu);
	error = pool_bounce_init(p, limits);
	if (error) {
		kfree(p);
		return error;
	}
	get_device(p->dev);
	*pool = p;
	return VDMA_OK;
}

/* Nobody uses the pool, and the device was reset. */
static void pool_free(struct vdp_pool *pool)
{
	struct device *dev = pool->dev;
	int error = vdma_bounce_fini(&pool->bounce);

	if (error)
		dev_err(dev, "cannot unshare the bounce pool: %s; leaking it\n",
			vdma_strerror(error));
	/* Somebody maps without a driver. */
	if (error == VDMA_E_BUSY)
		return;
	kvfree(pool->private);
	kfree(pool);
	put_device(dev);
}

/* Lifetime ------------------------------------------------------------------ */

/* Pools whose driver has left, but which are still in use */
static LIST_HEAD(ended_pools);
static DEFINE_MUTEX(ended_lock);

static struct vdp_pool *pool_find_ended(const struct device *dev)
{
	struct vdp_pool *pool;

	lockdep_assert_held(&ended_lock);
	list_for_each_entry(pool, &ended_pools, node)
		if (pool->dev == dev)
			return pool;
	return NULL;
}

/* Makes everybody who maps for the device use this pool. */
static void pool_activate(struct vdp_pool *pool)
{
	dev_clear_dma_ops_bypass(pool->dev);
	pool->dev->bus_dma_limit = 0;
	set_dma_ops(pool->dev, &pool->ops);
	vdp_reset_need_sync(pool->dev);
}

/*
 * The device, which was reset, reaches the pool no more. To be called while the device is
 * on its bus: its window goes with the PHB.
 */
static void pool_detach(struct vdp_pool *pool)
{
	const struct vdma_memory *mem = &pool->bounce.shared.mem;

	vdma_domain_unmap(&pool->parent, mem->dma, mem->len, VDMA_BIDIRECTIONAL);
}

static void pool_free_later(struct vdp_later *later)
{
	pool_free(container_of(later, struct vdp_pool, later));
}

/* Nothing is mapped any more. */
static void pool_retire(struct vdp_pool *pool)
{
	pool_detach(pool);
	set_dma_ops(pool->dev, pool->orig_ops);
	vdp_free_later(&pool->later, pool_free_later);
	module_put(THIS_MODULE);
}

static void pool_reap(struct work_struct *unused)
{
	struct vdp_pool *pool, *next;

	/* Afterwards everybody in an unmap has seen that the pool has ended. */
	synchronize_rcu_tasks();
	mutex_lock(&ended_lock);
	list_for_each_entry_safe(pool, next, &ended_pools, node) {
		if (vdma_bounce_live(&pool->bounce))
			continue;
		list_del(&pool->node);
		pool_retire(pool);
	}
	mutex_unlock(&ended_lock);
}

static DECLARE_WORK(pool_reaper, pool_reap);

/**
 * vdp_pools_reap() - free the pools that have ended and are not in use any more
 *
 * Context: any; works asynchronously.
 */
void vdp_pools_reap(void)
{
	schedule_work(&pool_reaper);
}

/**
 * vdp_pool_get() - give a device a pool, and make drivers use it
 * @pdev: the device; nothing is mapped for it, except what keeps a pool that has ended
 * @iommu: it is behind the IOMMU
 * @limits: of the pool
 * @pool: set to the pool: that of the previous driver, if still in use
 *
 * Holds the module, whose code the device's driver calls from now on. While the module
 * is being unloaded there are no new pools.
 *
 * Context: may sleep.
 * Return: VDMA_OK, or an error.
 */
int vdp_pool_get(struct pci_dev *pdev, bool iommu,
		 const struct vdp_pool_limits *limits, struct vdp_pool **pool)
{
	int error = VDMA_OK;

	if (!try_module_get(THIS_MODULE))
		return VDMA_E_ENDING;
	mutex_lock(&ended_lock);
	*pool = pool_find_ended(&pdev->dev);
	if (*pool) {
		list_del(&(*pool)->node);
		WRITE_ONCE((*pool)->ended, false);
		/* It held the module already. */
		module_put(THIS_MODULE);
	} else {
		error = pool_make(pdev, iommu, limits, pool);
	}
	if (!error)
		pool_activate(*pool);
	mutex_unlock(&ended_lock);
	if (error)
		module_put(THIS_MODULE);
	return error;
}

/**
 * vdp_pool_put() - release a device's pool; it is freed once nothing is mapped in it
 * @pool: the pool; the device was reset and has no driver
 *
 * Context: may sleep.
 */
void vdp_pool_put(struct vdp_pool *pool)
{
	unsigned int count;

	mutex_lock(&ended_lock);
	WRITE_ONCE(pool->ended, true);
	count = vdma_bounce_live(&pool->bounce);
	if (count) {
		dev_info(pool->dev, "%u mappings outlive the driver; keeping the bounce pool until they are gone\n",
			 count);
		list_add(&pool->node, &ended_pools);
		vdp_pools_reap();
	} else {
		pool_retire(pool);
	}
	mutex_unlock(&ended_lock);
}

/**
 * vdp_pool_keep() - keep a pool that has ended in force
 * @dev: a device that a new driver is about to take, maybe in another mode
 *
 * Context: may sleep.
 */
void vdp_pool_keep(struct device *dev)
{
	struct vdp_pool *pool;

	mutex_lock(&ended_lock);
	pool = pool_find_ended(dev);
	if (pool)
		pool_activate(pool);
	mutex_unlock(&ended_lock);
}

/**
 * vdp_pool_detach() - take a device's pool out of its window
 * @dev: a device that is gone for good
 *
 * Whoever still has something mapped in the pool keeps the memory, but the PHB may go.
 *
 * Context: may sleep.
 */
void vdp_pool_detach(struct device *dev)
{
	struct vdp_pool *pool;

	mutex_lock(&ended_lock);
	pool = pool_find_ended(dev);
	if (pool)
		pool_detach(pool);
	mutex_unlock(&ended_lock);
}

/**
 * vdp_pool_empty_rings() - unmap the buffers that are left in a device's rings
 * @pool: the device's pool
 * @vdev: the device, whose driver is about to delete the rings
 *
 * Some drivers leave buffers in their rings: virtio_scsi its events, virtio_rng
 * its last read. The virtio core deletes such a ring and never unmaps them. Whatever
 * stays mapped has an owner who will unmap it.
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

/* No device has a pool any more, since each pool holds the module. */
void vdp_pools_stop(void)
{
	/* Whoever is still leaving an unmap may have called the reaper. */
	vdp_later_flush();
	flush_work(&pool_reaper);
	WARN_ON(vdma_secure_end(&secure));
}
