// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA operations of a device in mode bounce. No other mode has code of this module
 * on its data path.
 */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <vdma/error.h>
#include "compat.h"
#include "pool.h"

/* A mapping keeps the pool and these operations in force after the driver has left. */
static struct vdp_pool *dma_ops_pool(struct device *dev)
{
	return container_of(get_dma_ops(dev), struct vdp_pool, ops);
}

static enum vdma_dir dma_ops_dir(enum dma_data_direction dir)
{
	switch (dir) {
	case DMA_TO_DEVICE:
		return VDMA_TO_DEVICE;
	case DMA_FROM_DEVICE:
		return VDMA_FROM_DEVICE;
	default:
		return VDMA_BIDIRECTIONAL;
	}
}

/* Memory-mapped I/O, and memory that device and CPU must see at the same time */
#define NO_BOUNCE (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT)

static unsigned int dma_ops_flags(unsigned long attrs)
{
	return attrs & DMA_ATTR_SKIP_CPU_SYNC ? VDMA_BOUNCE_NO_COPY : 0;
}

/* A full pool is normal under load: block and network layers retry. */
static void dma_ops_warn_full(struct vdp_pool *pool, size_t size)
{
	struct vdma_bounce_counts counts;

	if (test_and_set_bit(0, &pool->warned_full))
		return;
	vdma_bounce_count(&pool->bounce, &counts);
	dev_warn(pool->dev, "cannot map %zu bytes: bounce pool is full (%llu of %llu KiB in use); the driver may retry, a larger virtio_dma_policy.pool_kib helps\n",
		 size, counts.used >> 10, pool->bounce.config.size >> 10);
}

/* Slots of this size are for status bytes, not for receive buffers. */
#define RX_MIN 64

/* Does the mapping count against the receive quota? */
static __always_inline bool dma_ops_rx_limited(const struct vdp_pool *pool,
					       enum dma_data_direction dir,
					       size_t size)
{
	return dir == DMA_FROM_DEVICE && size > RX_MIN &&
	       pool->rx_max != U64_MAX;
}

static void dma_ops_rx_put(struct vdp_pool *pool, size_t size)
{
	atomic64_sub(vdma_bounce_slot_bytes(size), &pool->rx_used);
}

static bool dma_ops_rx_get(struct vdp_pool *pool, size_t size)
{
	if (atomic64_add_return(vdma_bounce_slot_bytes(size), &pool->rx_used) <=
	    pool->rx_max)
		return true;
	dma_ops_rx_put(pool, size);
	atomic64_inc(&pool->rx_full);
	return false;
}

static __always_inline dma_addr_t dma_ops_map(struct vdp_pool *pool, phys_addr_t phys,
					      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	u64 dma;
	int error;

	if (attrs & NO_BOUNCE)
		return DMA_MAPPING_ERROR;
	if (dma_ops_rx_limited(pool, dir, size) &&
	    !dma_ops_rx_get(pool, size)) {
		dma_ops_warn_full(pool, size);
		return DMA_MAPPING_ERROR;
	}
	error = vdma_bounce_map(&pool->bounce, phys, size, dma_ops_dir(dir),
				dma_ops_flags(attrs), raw_smp_processor_id(), &dma);
	if (!error)
		return dma;
	if (dma_ops_rx_limited(pool, dir, size))
		dma_ops_rx_put(pool, size);
	if (error == VDMA_E_NO_SPACE)
		dma_ops_warn_full(pool, size);
	else
		dev_warn_once(pool->dev, "cannot map %zu bytes: %s\n",
			      size, vdma_strerror(error));
	return DMA_MAPPING_ERROR;
}

/* Something was unmapped: it may have been the last mapping that kept the pool. */
static __always_inline void dma_ops_unmapped(const struct vdp_pool *pool)
{
	if (unlikely(READ_ONCE(pool->ended)))
		vdp_pools_reap();
}

static __always_inline void dma_ops_unmap(struct vdp_pool *pool, dma_addr_t dma,
					  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	unsigned int flags = dma_ops_flags(attrs) | READ_ONCE(pool->unmap_flags);

	if (WARN_ONCE(vdma_bounce_unmap(&pool->bounce, dma, size, dma_ops_dir(dir),
					flags, raw_smp_processor_id()),
		      "%s: nothing is mapped at %pad\n", dev_name(pool->dev),
		      &dma))
		return;
	if (dma_ops_rx_limited(pool, dir, size))
		dma_ops_rx_put(pool, size);
	dma_ops_unmapped(pool);
}

static dma_addr_t dma_ops_map_one(struct device *dev, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	return dma_ops_map(dma_ops_pool(dev), phys, size, dir, attrs);
}

VDP_MAP_PAGE(dma_ops_map_one)

static void dma_ops_unmap_one(struct device *dev, dma_addr_t dma, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	dma_ops_unmap(dma_ops_pool(dev), dma, size, dir, attrs);
}

static void dma_ops_unmap_sg(struct device *dev, struct scatterlist *list,
			     int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	struct vdp_pool *pool = dma_ops_pool(dev);
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		dma_ops_unmap(pool, sg_dma_address(sg), sg_dma_len(sg), dir, attrs);
}

static int dma_ops_map_sg(struct device *dev, struct scatterlist *list,
			  int nents, enum dma_data_direction dir,
			 unsigned long attrs)
{
	struct vdp_pool *pool = dma_ops_pool(dev);
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i) {
		sg_dma_address(sg) = dma_ops_map(pool, sg_phys(sg), sg->length, dir,
						 attrs);
		if (sg_dma_address(sg) == DMA_MAPPING_ERROR)
			goto undo;
		sg_dma_len(sg) = sg->length;
	}
	return nents;

undo:
	dma_ops_unmap_sg(dev, list, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -ENOMEM;
}

static void dma_ops_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
				 enum dma_data_direction dir)
{
	vdma_domain_sync_for_cpu(&dma_ops_pool(dev)->bounce.domain, dma, size,
				 dma_ops_dir(dir));
}

static void dma_ops_sync_for_device(struct device *dev, dma_addr_t dma,
				    size_t size, enum dma_data_direction dir)
{
	vdma_domain_sync_for_device(&dma_ops_pool(dev)->bounce.domain, dma, size,
				    dma_ops_dir(dir));
}

static void dma_ops_sync_sg_for_cpu(struct device *dev, struct scatterlist *list,
				    int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		dma_ops_sync_for_cpu(dev, sg_dma_address(sg), sg->length, dir);
}

static void dma_ops_sync_sg_for_device(struct device *dev,
				       struct scatterlist *list, int nents,
				      enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		dma_ops_sync_for_device(dev, sg_dma_address(sg), sg->length, dir);
}

/*
 * Aligned to the order of the size, as the DMA API promises, if the pool itself is. The
 * minimum is 4 KiB instead of a page: no ring needs more (virtio 1.2, 2.7 and 2.8), and a
 * driver may have dozens of them.
 */
static u64 dma_ops_alignment(const struct vdp_pool *pool, size_t size)
{
	const struct vdma_memory *mem = &pool->bounce.shared.mem;
	u64 own = mem->phys | mem->dma;

	return min_t(u64, roundup_pow_of_two(max_t(u64, size, VDMA_BOUNCE_ALIGN_MIN)),
		     own & -own);
}

static void *dma_ops_alloc(struct device *dev, size_t size, dma_addr_t *dma,
			   gfp_t gfp, unsigned long attrs)
{
	struct vdp_pool *pool = dma_ops_pool(dev);
	struct vdma_memory mem;

	if (vdma_bounce_alloc(&pool->bounce, size, dma_ops_alignment(pool, size),
			      &mem)) {
		dma_ops_warn_full(pool, size);
		return NULL;
	}
	*dma = mem.dma;
	return mem.cpu;
}

static void dma_ops_free(struct device *dev, size_t size, void *cpu,
			 dma_addr_t dma, unsigned long attrs)
{
	struct vdp_pool *pool = dma_ops_pool(dev);
	struct vdma_memory mem = {
		.cpu = cpu,
		.phys = __pa(cpu),
		.dma = dma,
		.len = ALIGN(size, VDMA_BOUNCE_ALIGN_MIN),
	};

	vdma_domain_free(&pool->bounce.domain, &mem);
	dma_ops_unmapped(pool);
}

/* Callers expect whole pages. */
static struct page *dma_ops_alloc_pages(struct device *dev, size_t size,
					dma_addr_t *dma,
				       enum dma_data_direction dir, gfp_t gfp)
{
	void *cpu = dma_ops_alloc(dev, PAGE_ALIGN(size), dma, gfp, 0);

	return cpu ? virt_to_page(cpu) : NULL;
}

static void dma_ops_free_pages(struct device *dev, size_t size,
			       struct page *page, dma_addr_t dma,
			      enum dma_data_direction dir)
{
	dma_ops_free(dev, PAGE_ALIGN(size), page_address(page), dma, 0);
}

/* Otherwise the caller would see other data in the page. */
static bool dma_ops_whole_pages(const void *cpu, size_t size)
{
	return PAGE_ALIGNED(cpu) && PAGE_ALIGNED(size);
}

static int dma_ops_mmap(struct device *dev, struct vm_area_struct *vma,
			void *cpu, dma_addr_t dma, size_t size,
		       unsigned long attrs)
{
	unsigned long there = PHYS_PFN(size);

	if (!dma_ops_whole_pages(cpu, size) || vma->vm_pgoff >= there ||
	    vma_pages(vma) > there - vma->vm_pgoff)
		return -ENXIO;
	return remap_pfn_range(vma, vma->vm_start,
			       PHYS_PFN(__pa(cpu)) + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int dma_ops_get_sgtable(struct device *dev, struct sg_table *sgt,
			       void *cpu, dma_addr_t dma, size_t size,
			      unsigned long attrs)
{
	int error;

	if (!dma_ops_whole_pages(cpu, size))
		return -ENXIO;
	error = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (!error)
		sg_set_page(sgt->sgl, virt_to_page(cpu), size, 0);
	return error;
}

static u64 dma_ops_last_address(const struct vdp_pool *pool)
{
	const struct vdma_memory *mem = &pool->bounce.shared.mem;

	return mem->dma + mem->len - 1;
}

static int dma_ops_dma_supported(struct device *dev, u64 mask);

/*
 * For a caller without a mapping, which would keep the pool: it may have been freed since
 * the caller looked up the operations. Sets @ops to the device's current ones.
 */
static struct vdp_pool *dma_ops_pool_now(struct device *dev,
					 const struct dma_map_ops **ops)
{
	*ops = get_dma_ops(dev);
	return *ops && (*ops)->dma_supported == dma_ops_dma_supported
		       ? container_of(*ops, struct vdp_pool, ops)
		       : NULL;
}

static int dma_ops_dma_supported(struct device *dev, u64 mask)
{
	const struct dma_map_ops *ops;
	const struct vdp_pool *pool = dma_ops_pool_now(dev, &ops);
	int supported;

	if (pool) {
		ops = pool->orig_ops;
		if (!READ_ONCE(pool->ended) || !ops)
			return dma_ops_last_address(pool) <= mask;
	}
	if (!ops)
		return true;
	/* A new driver: the kernel asks phb_hook.c, which decides again. */
	supported = ops->dma_supported(dev, mask);
	vdp_pool_keep(dev);
	return supported;
}

static u64 dma_ops_get_required_mask(struct device *dev)
{
	const struct dma_map_ops *ops;
	const struct vdp_pool *pool = dma_ops_pool_now(dev, &ops);

	if (!pool)
		return ops && ops->get_required_mask
			       ? ops->get_required_mask(dev)
			       : DMA_BIT_MASK(64);
	return DMA_BIT_MASK(fls64(dma_ops_last_address(pool)));
}

static size_t dma_ops_max_mapping_size(struct device *dev)
{
	const struct dma_map_ops *ops;
	const struct vdp_pool *pool = dma_ops_pool_now(dev, &ops);

	return pool ? pool->bounce.domain.max_len : SIZE_MAX;
}

/* No map_resource: a device in mode bounce has no use for it. */
const struct dma_map_ops vdp_dma_ops = {
	.alloc = dma_ops_alloc,
	.free = dma_ops_free,
	.VDP_ALLOC_PAGES = dma_ops_alloc_pages,
	.free_pages = dma_ops_free_pages,
	.mmap = dma_ops_mmap,
	.get_sgtable = dma_ops_get_sgtable,
	VDP_MAP_OPS(dma_ops_map_one, dma_ops_unmap_one),
	.map_sg = dma_ops_map_sg,
	.unmap_sg = dma_ops_unmap_sg,
	.sync_single_for_cpu = dma_ops_sync_for_cpu,
	.sync_single_for_device = dma_ops_sync_for_device,
	.sync_sg_for_cpu = dma_ops_sync_sg_for_cpu,
	.sync_sg_for_device = dma_ops_sync_sg_for_device,
	.dma_supported = dma_ops_dma_supported,
	.get_required_mask = dma_ops_get_required_mask,
	.max_mapping_size = dma_ops_max_mapping_size,
};
