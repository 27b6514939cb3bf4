// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The domains in which a device address is a physical address and a constant:
 * direct, bypass, identity. Mapping is an addition, unmapping is nothing.
 */
#include <vdma/domain.h>
#include <vdma/error.h>

static int map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
	       enum vdma_dir dir, uint64_t *dma)
{
	(void)dir;
	if (phys > domain->memory_end - len)
		return VDMA_E_RANGE;
	*dma = phys + domain->offset;
	return VDMA_OK;
}

static int unmap(struct vdma_domain *domain, uint64_t dma, uint64_t len,
		 enum vdma_dir dir)
{
	uint64_t phys = dma - domain->offset;

	(void)dir;
	if (!len || len > domain->max_len || phys > domain->memory_end - len)
		return VDMA_E_INVALID;
	return VDMA_OK;
}

static void set_up(struct vdma_domain *domain, enum vdma_mode mode,
		   const struct vdma_pages *pages, uint64_t offset,
		   uint64_t memory_end)
{
	static const struct vdma_domain_ops ops = {
		.map = map,
		.unmap = unmap,
	};

	*domain = (struct vdma_domain){
		.ops = &ops,
		.mode = mode,
		.pages = pages,
		.max_len = memory_end,
		.offset = offset,
		.memory_end = memory_end,
	};
}

static int set_up_window(struct vdma_domain *domain, enum vdma_mode mode,
			 const struct vdma_pages *pages,
			 const struct vdma_window *window, uint64_t memory_end)
{
	if (!vdma_window_valid(window) || window->size < memory_end)
		return VDMA_E_RANGE;
	set_up(domain, mode, pages, window->base, memory_end);
	return VDMA_OK;
}

void vdma_domain_direct(struct vdma_domain *domain,
			const struct vdma_pages *pages, uint64_t memory_end)
{
	set_up(domain, VDMA_MODE_DIRECT, pages, 0, memory_end);
}

int vdma_domain_bypass(struct vdma_domain *domain,
		       const struct vdma_pages *pages,
		       const struct vdma_window *window, uint64_t memory_end)
{
	return set_up_window(domain, VDMA_MODE_BYPASS, pages, window,
			     memory_end);
}

int vdma_domain_identity(struct vdma_domain *domain,
			 const struct vdma_pages *pages,
			 const struct vdma_window *window,
			 uint64_t memory_end)
{
	return set_up_window(domain, VDMA_MODE_IDENTITY, pages, window,
			     memory_end);
}
