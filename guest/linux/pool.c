// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: a pool of pages for a device, shared with the hypervisor if the
 * guest is secure. pool_life.c says for how long; dma_ops.c is what drivers get.
 */
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/svm.h>
#include <asm/ultravisor.h>
#include <vdma/error.h>
#include "compat.h"
#include "pool.h"
#include "vdp.h"

/* For a lock of the library's that may be taken in an interrupt. */
static void take(void *ctx) __acquires(ctx)
{
	struct vdp_lock *lock = ctx;
	unsigned long flags;

	spin_lock_irqsave(&lock->spinlock, flags);
	lock->flags = flags;
}

static void give(void *ctx) __releases(ctx)
{
	struct vdp_lock *lock = ctx;

	spin_unlock_irqrestore(&lock->spinlock, lock->flags);
}

static void lock_init(struct vdp_lock *lock)
{
	spin_lock_init(&lock->spinlock);
	lock->ops = (struct vdma_lock){ take, give, lock };
}

static int pages_get(void *ctx, uint64_t len, struct vdma_memory *mem)
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

static void pages_put(void *ctx, const struct vdma_memory *mem)
{
	free_pages_exact(mem->cpu, mem->len);
}

static int64_t ultracall(void *ctx, struct vdma_hcall *call)
{
	return ucall_norets(call->opcode, call->in[0], call->in[1]);
}

static const struct vdma_pages pages = { pages_get, pages_put, NULL };
static const struct vdma_gate ultravisor = { .call = ultracall };
static struct vdp_lock secure_lock;
static struct vdma_secure secure;

void vdp_pools_start(void)
{
	lock_init(&secure_lock);
	vdma_secure_init(&secure, is_secure_guest() ? &ultravisor : NULL,
			 &pages, &secure_lock.ops);
}

/* No device has a pool by now, for each holds the module. */
void vdp_pools_stop(void)
{
	vdp_pools_settle();
	WARN_ON(vdma_secure_end(&secure));
}

/*
 * A device that obeys the IOMMU reaches the pool, and nothing else, by TCEs in
 * the default window. The kernel's own functions enter them, once.
 */
static int tce_map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		   enum vdma_dir dir, uint64_t *dma)
{
	struct vdp_pool *pool = container_of(domain, struct vdp_pool, reach);

	*dma = vdp_ops_map(pool->kernel, pool->dev, phys, len,
			   DMA_BIDIRECTIONAL);
	return *dma == DMA_MAPPING_ERROR ? VDMA_E_NO_SPACE : VDMA_OK;
}

static int tce_unmap(struct vdma_domain *domain, uint64_t dma, uint64_t len,
		     enum vdma_dir dir)
{
	struct vdp_pool *pool = container_of(domain, struct vdp_pool, reach);

	vdp_ops_unmap(pool->kernel, pool->dev, dma, len, DMA_BIDIRECTIONAL);
	return VDMA_OK;
}

static const struct vdma_domain_ops tce_ops = {
	.map = tce_map,
	.unmap = tce_unmap,
};

static void reach_init(struct vdp_pool *pool, bool iommu)
{
	if (iommu)
		pool->reach = (struct vdma_domain){
			.ops = &tce_ops,
			.mode = VDMA_MODE_TCE,
			.max_len = U64_MAX,
		};
	else
		vdma_domain_direct(&pool->reach, NULL, U64_MAX);
}

/* A hint, as the library wants it: nothing is lost if we are moved. */
static unsigned int this_cpu(void *ctx)
{
	return raw_smp_processor_id();
}

static void *fill(u64 *to, u64 word, size_t count)
{
	return memset64(to, word, count);
}

static int bounce_init(struct vdp_pool *pool, const struct pci_dev *pdev,
		       u64 size)
{
	struct vdma_bounce_config config = {
		.secure = &secure,
		.reach = &pool->reach,
		.size = size,
		.max_len = vdp_limits_mapping(pdev, size),
		.cpus = nr_cpu_ids,
		.cpu = this_cpu,
		.lock = &pool->lock.ops,
		.linear = PAGE_OFFSET,
		.copy = memcpy,
		.fill = fill,
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

/**
 * vdp_pool_make() - make a pool for a device
 * @pdev: the device
 * @iommu: it obeys the IOMMU
 * @size: of the pool in bytes
 * @pool: receives it
 *
 * Context: may sleep.
 * Return: VDMA_OK, or the reason why there is none.
 */
int vdp_pool_make(struct pci_dev *pdev, bool iommu, u64 size,
		  struct vdp_pool **pool)
{
	struct vdp_pool *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int error;

	if (!p)
		return VDMA_E_NO_MEMORY;
	p->dev = &pdev->dev;
	p->kernel = get_dma_ops(p->dev);
	p->ops = vdp_dma_ops;
	p->receive_max = vdp_limits_receive_max(pdev, size);
	lock_init(&p->lock);
	reach_init(p, iommu);
	error = bounce_init(p, pdev, size);
	if (error) {
		kfree(p);
		return error;
	}
	get_device(p->dev);
	*pool = p;
	return VDMA_OK;
}

/**
 * vdp_pool_free() - take a pool back and free it
 * @pool: what vdp_pool_make() made; the device was reset, nobody uses the pool
 *
 * Context: may sleep.
 */
void vdp_pool_free(struct vdp_pool *pool)
{
	struct device *dev = pool->dev;
	int error = vdma_bounce_fini(&pool->bounce);

	if (error)
		dev_err(dev, "virtio DMA: cannot take the bounce pool back: %s; it stays shared for good\n",
			vdma_strerror(error));
	/* Somebody mapped without a driver: leave it to them. */
	if (error == VDMA_E_BUSY)
		return;
	kvfree(pool->private);
	kfree(pool);
	put_device(dev);
}
