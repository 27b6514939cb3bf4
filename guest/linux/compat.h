/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One interface to kernels that differ. Kbuild probes the headers and defines
 * VDP_HAVE_….
 */
#ifndef VDP_COMPAT_H
#define VDP_COMPAT_H

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/syscore_ops.h>

/* struct device: a member in older kernels, a flag with accessors in newer ones. */
#ifndef VDP_HAVE_DEV_FLAGS
static inline bool dev_dma_ops_bypass(const struct device *dev)
{
	return dev->dma_ops_bypass;
}

static inline void dev_clear_dma_ops_bypass(struct device *dev)
{
	dev->dma_ops_bypass = false;
}
#endif

/* struct dma_map_ops: renamed when alloc_pages() became a macro. */
#ifdef VDP_HAVE_ALLOC_PAGES_OP
#define VDP_ALLOC_PAGES alloc_pages_op
#else
#define VDP_ALLOC_PAGES alloc_pages
#endif

/*
 * struct dma_map_ops: older kernels map pages, newer ones physical addresses. Ours take
 * physical addresses; VDP_MAP_PAGE(map) wraps @map for an older kernel.
 */
#define VDP_MAP_PAGE(_map)						\
static dma_addr_t __maybe_unused					\
_map##_page(struct device *dev, struct page *page, unsigned long offset, \
	    size_t size, enum dma_data_direction dir, unsigned long attrs) \
{									\
	return _map(dev, page_to_phys(page) + offset, size, dir, attrs); \
}

#ifdef VDP_HAVE_MAP_PHYS
#define VDP_MAP_OPS(_map, _unmap) .map_phys = _map, .unmap_phys = _unmap
#else
#define VDP_MAP_OPS(_map, _unmap) .map_page = _map##_page, .unmap_page = _unmap
#endif

static inline dma_addr_t vdp_ops_map(const struct dma_map_ops *ops,
				     struct device *dev, phys_addr_t phys,
				     size_t size, enum dma_data_direction dir)
{
#ifdef VDP_HAVE_MAP_PHYS
	return ops->map_phys(dev, phys, size, dir, 0);
#else
	return ops->map_page(dev, pfn_to_page(PHYS_PFN(phys)),
			     offset_in_page(phys), size, dir, 0);
#endif
}

static inline void vdp_ops_unmap(const struct dma_map_ops *ops,
				 struct device *dev, dma_addr_t dma,
				 size_t size, enum dma_data_direction dir)
{
#ifdef VDP_HAVE_MAP_PHYS
	ops->unmap_phys(dev, dma, size, dir, 0);
#else
	ops->unmap_page(dev, dma, size, dir, 0);
#endif
}

/*
 * When a driver sets its DMA mask, the kernel decides by the operations then in force
 * whether dma_sync_*() may be skipped.
 */
static inline void vdp_reset_need_sync(struct device *dev)
{
#ifdef VDP_HAVE_NEED_SYNC
	dma_reset_need_sync(dev);
#endif
}

/* Not defined by older kernels. */
#ifndef VIRTIO_GPU_F_BLOB_ALIGNMENT
#define VIRTIO_GPU_F_BLOB_ALIGNMENT 5
#endif

/* Only map_phys() maps anything but memory. */
#ifndef DMA_ATTR_MMIO
#define DMA_ATTR_MMIO 0
#endif
/* Must not be bounced. Older kernels do not have the attribute. */
#ifndef DMA_ATTR_REQUIRE_COHERENT
#define DMA_ATTR_REQUIRE_COHERENT 0
#endif

/*
 * VDP_SYSCORE_SHUTDOWN(name, function): the object @name has @function called when
 * the kernel ends, between vdp_register_syscore() and vdp_unregister_syscore().
 */
#ifdef VDP_HAVE_SYSCORE
#define VDP_SYSCORE_SHUTDOWN(_name, _function)				\
	static void _name##_call(void *unused) { _function(); }		\
	static const struct syscore_ops _name##_ops = {			\
		.shutdown = _name##_call,				\
	};								\
	static struct syscore _name = { .ops = &_name##_ops }
#define vdp_register_syscore register_syscore
#define vdp_unregister_syscore unregister_syscore
#else
#define VDP_SYSCORE_SHUTDOWN(_name, _function)				\
	static struct syscore_ops _name = { .shutdown = _function }
#define vdp_register_syscore register_syscore_ops
#define vdp_unregister_syscore unregister_syscore_ops
#endif

#endif /* VDP_COMPAT_H */
