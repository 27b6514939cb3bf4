// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's DMA operations for a device in mode bounce. There is no code of
 * ours on any other mode's data path.
 */
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <vdma/error.h>
#include "compat.h"
#include "pool.h"

/*
 * What is mapped keeps the pool, and these operations in force, even when the
 * driver has left the device.
 */
static struct vdp_pool *pool_of(struct device *dev)
{
	return container_of(get_dma_ops(dev), struct vdp_pool, ops);
}

static enum vdma_dir dir_of(enum dma_data_direction dir)
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

/* What is no memory, and what device and CPU must see at the same time. */
#define NO_BOUNCE (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT)

static unsigned int flags_of(unsigned long attrs)
{
	return attrs & DMA_ATTR_SKIP_CPU_SYNC ? VDMA_BOUNCE_NO_COPY : 0;
}

/*
 * That a pool is full is normal under load, and block and network layers try
 * again. One line says what would help.
 */
static void tell_full(struct vdp_pool *pool, size_t size)
{
	char text[VDMA_BOUNCE_TEXT_MAX];

	if (test_and_set_bit(0, &pool->told))
		return;
	vdma_bounce_full_text(&pool->bounce, size, dev_name(pool->dev),
			      "virtio_dma_policy.pool_kib", text, sizeof(text));
	dev_warn(pool->dev, "virtio DMA: %s\n", text);
}

/* Does a mapping count against the quota for what is received into? */
static __always_inline bool has_quota(const struct vdp_pool *pool,
				      enum dma_data_direction dir)
{
	return dir == DMA_FROM_DEVICE && pool->receive_max != U64_MAX;
}

static void quota_put(struct vdp_pool *pool, size_t size)
{
	atomic64_sub(vdma_slots_bytes(size), &pool->received);
}

static bool quota_get(struct vdp_pool *pool, size_t size)
{
	if (atomic64_add_return(vdma_slots_bytes(size), &pool->received) <=
	    pool->receive_max)
		return true;
	quota_put(pool, size);
	return false;
}

static __always_inline dma_addr_t map(struct vdp_pool *pool, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	u64 dma;
	int error;

	if (attrs & NO_BOUNCE)
		return DMA_MAPPING_ERROR;
	if (has_quota(pool, dir) && !quota_get(pool, size)) {
		tell_full(pool, size);
		return DMA_MAPPING_ERROR;
	}
	error = vdma_bounce_map(&pool->bounce, phys, size, dir_of(dir),
				flags_of(attrs), raw_smp_processor_id(), &dma);
	if (!error)
		return dma;
	if (has_quota(pool, dir))
		quota_put(pool, size);
	if (error == VDMA_E_NO_SPACE)
		tell_full(pool, size);
	else
		dev_warn_once(pool->dev, "virtio DMA: mapping %zu bytes: %s\n",
			      size, vdma_strerror(error));
	return DMA_MAPPING_ERROR;
}

/* Something is no longer in the pool. Was it what kept it? */
static __always_inline void left(const struct vdp_pool *pool)
{
	if (unlikely(READ_ONCE(pool->ended)))
		vdp_pools_reap();
}

static __always_inline void unmap(struct vdp_pool *pool, dma_addr_t dma,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	unsigned int flags = flags_of(attrs) | READ_ONCE(pool->unmap_flags);

	if (WARN_ONCE(vdma_bounce_unmap(&pool->bounce, dma, size, dir_of(dir),
					flags, raw_smp_processor_id()),
		      "%s: nothing is mapped at %pad\n", dev_name(pool->dev),
		      &dma))
		return;
	if (has_quota(pool, dir))
		quota_put(pool, size);
	left(pool);
}

static dma_addr_t bounce_map_one(struct device *dev, phys_addr_t phys,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	return map(pool_of(dev), phys, size, dir, attrs);
}

VDP_MAP_PAGE(bounce_map_one)

static void bounce_unmap_one(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	unmap(pool_of(dev), dma, size, dir, attrs);
}

static void bounce_unmap_sg(struct device *dev, struct scatterlist *list,
			    int nents, enum dma_data_direction dir,
			    unsigned long attrs)
{
	struct vdp_pool *pool = pool_of(dev);
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		unmap(pool, sg_dma_address(sg), sg_dma_len(sg), dir, attrs);
}

static int bounce_map_sg(struct device *dev, struct scatterlist *list,
			 int nents, enum dma_data_direction dir,
			 unsigned long attrs)
{
	struct vdp_pool *pool = pool_of(dev);
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i) {
		sg_dma_address(sg) = map(pool, sg_phys(sg), sg->length, dir,
					 attrs);
		if (sg_dma_address(sg) == DMA_MAPPING_ERROR)
			goto undo;
		sg_dma_len(sg) = sg->length;
	}
	return nents;

undo:
	bounce_unmap_sg(dev, list, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -ENOMEM;
}

static void bounce_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
				enum dma_data_direction dir)
{
	vdma_domain_sync_for_cpu(&pool_of(dev)->bounce.domain, dma, size,
				 dir_of(dir));
}

static void bounce_sync_for_device(struct device *dev, dma_addr_t dma,
				   size_t size, enum dma_data_direction dir)
{
	vdma_domain_sync_for_device(&pool_of(dev)->bounce.domain, dma, size,
				    dir_of(dir));
}

static void bounce_sync_sg_for_cpu(struct device *dev, struct scatterlist *list,
				   int nents, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		bounce_sync_for_cpu(dev, sg_dma_address(sg), sg->length, dir);
}

static void bounce_sync_sg_for_device(struct device *dev,
				      struct scatterlist *list, int nents,
				      enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i)
		bounce_sync_for_device(dev, sg_dma_address(sg), sg->length, dir);
}

/*
 * To the order of the size, as the DMA API has it, so that nothing lies across a
 * boundary that it need not: as far as the pool itself is aligned. But orders begin
 * at 4 KiB and not at a page: no ring needs more (virtio 1.2, 2.7 and 2.8), and a
 * driver may have dozens of them.
 */
static u64 alignment(const struct vdp_pool *pool, size_t size)
{
	const struct vdma_memory *mem = &pool->bounce.share.mem;
	u64 own = mem->phys | mem->dma;

	return min_t(u64, roundup_pow_of_two(max_t(u64, size, VDMA_UNIT_SIZE)),
		     own & -own);
}

static void *bounce_alloc(struct device *dev, size_t size, dma_addr_t *dma,
			  gfp_t gfp, unsigned long attrs)
{
	struct vdp_pool *pool = pool_of(dev);
	struct vdma_memory mem;

	if (vdma_bounce_alloc(&pool->bounce, size, alignment(pool, size),
			      &mem)) {
		tell_full(pool, size);
		return NULL;
	}
	*dma = mem.dma;
	return mem.cpu;
}

static void bounce_free(struct device *dev, size_t size, void *cpu,
			dma_addr_t dma, unsigned long attrs)
{
	struct vdp_pool *pool = pool_of(dev);
	struct vdma_memory mem = {
		.cpu = cpu,
		.phys = __pa(cpu),
		.dma = dma,
		.len = ALIGN(size, VDMA_UNIT_SIZE),
	};

	vdma_domain_free(&pool->bounce.domain, &mem);
	left(pool);
}

/* These are asked for by the page. */
static struct page *bounce_alloc_pages(struct device *dev, size_t size,
				       dma_addr_t *dma,
				       enum dma_data_direction dir, gfp_t gfp)
{
	void *cpu = bounce_alloc(dev, PAGE_ALIGN(size), dma, gfp, 0);

	return cpu ? virt_to_page(cpu) : NULL;
}

static void bounce_free_pages(struct device *dev, size_t size,
			      struct page *page, dma_addr_t dma,
			      enum dma_data_direction dir)
{
	bounce_free(dev, PAGE_ALIGN(size), page_address(page), dma, 0);
}

/* A page that is not all theirs would show others what else is in it. */
static bool whole_pages(const void *cpu, size_t size)
{
	return PAGE_ALIGNED(cpu) && PAGE_ALIGNED(size);
}

static int bounce_mmap(struct device *dev, struct vm_area_struct *vma,
		       void *cpu, dma_addr_t dma, size_t size,
		       unsigned long attrs)
{
	unsigned long there = PHYS_PFN(size);

	if (!whole_pages(cpu, size) || vma->vm_pgoff >= there ||
	    vma_pages(vma) > there - vma->vm_pgoff)
		return -ENXIO;
	return remap_pfn_range(vma, vma->vm_start,
			       PHYS_PFN(__pa(cpu)) + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int bounce_get_sgtable(struct device *dev, struct sg_table *sgt,
			      void *cpu, dma_addr_t dma, size_t size,
			      unsigned long attrs)
{
	int error;

	if (!whole_pages(cpu, size))
		return -ENXIO;
	error = sg_alloc_table(sgt, 1, GFP_KERNEL);
	if (!error)
		sg_set_page(sgt->sgl, virt_to_page(cpu), size, 0);
	return error;
}

static u64 last_address(const struct vdp_pool *pool)
{
	const struct vdma_memory *mem = &pool->bounce.share.mem;

	return mem->dma + mem->len - 1;
}

static int bounce_dma_supported(struct device *dev, u64 mask)
{
	const struct vdp_pool *pool = pool_of(dev);
	const struct dma_map_ops *kernel = pool->kernel;
	int supported;

	if (!READ_ONCE(pool->ended) || !kernel)
		return last_address(pool) <= mask;
	/* A new driver: the kernel asks seam.c, which decides anew. */
	supported = kernel->dma_supported(dev, mask);
	vdp_pool_keep(dev);
	return supported;
}

static u64 bounce_get_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(last_address(pool_of(dev))));
}

static size_t bounce_max_mapping_size(struct device *dev)
{
	return pool_of(dev)->bounce.domain.max_len;
}

/* What a device in mode bounce has no use for is not here: map_resource. */
const struct dma_map_ops vdp_dma_ops = {
	.alloc = bounce_alloc,
	.free = bounce_free,
	.VDP_ALLOC_PAGES = bounce_alloc_pages,
	.free_pages = bounce_free_pages,
	.mmap = bounce_mmap,
	.get_sgtable = bounce_get_sgtable,
	VDP_MAP_OPS(bounce_map_one, bounce_unmap_one),
	.map_sg = bounce_map_sg,
	.unmap_sg = bounce_unmap_sg,
	.sync_single_for_cpu = bounce_sync_for_cpu,
	.sync_single_for_device = bounce_sync_for_device,
	.sync_sg_for_cpu = bounce_sync_sg_for_cpu,
	.sync_sg_for_device = bounce_sync_sg_for_device,
	.dma_supported = bounce_dma_supported,
	.get_required_mask = bounce_get_required_mask,
	.max_mapping_size = bounce_max_mapping_size,
};
