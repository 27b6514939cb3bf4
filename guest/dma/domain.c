// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Common part of all domains: checks arguments, informs the audit, allocates and
 * maps ring memory where the mode has no better way. And the domains that need no state:
 * direct, bypass and identity, in which a device address is the physical address plus a
 * constant, and refuse.
 */
#include <vdma/audit.h>
#include <vdma/domain.h>
#include <vdma/error.h>

int vdma_domain_map_at(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		       enum vdma_dir dir, uint64_t *dma, const char *where)
{
	int error;

	if (!len || len > domain->max_len || phys + (len - 1) < phys)
		return domain->max_len ? VDMA_E_RANGE : VDMA_E_REFUSED_MODE;
	error = domain->ops->map(domain, phys, len, dir, dma);
	if (!error)
		vdma_audit_hook_map(domain, *dma, len, dir, where);
	return error;
}

int vdma_domain_unmap_at(struct vdma_domain *domain, uint64_t dma, uint64_t len,
			 enum vdma_dir dir, const char *where)
{
	vdma_audit_hook_unmap(domain, dma, len, dir, where);
	return domain->ops->unmap(domain, dma, len, dir);
}

static int domain_alloc_and_map(struct vdma_domain *domain, uint64_t len,
				struct vdma_memory *mem)
{
	int error = domain->pages->get(domain->pages->ctx, len, mem);

	if (error)
		return error;
	error = domain->ops->map(domain, mem->phys, mem->len,
				 VDMA_BIDIRECTIONAL, &mem->dma);
	if (error)
		domain->pages->put(domain->pages->ctx, mem);
	return error;
}

int vdma_domain_alloc_at(struct vdma_domain *domain, uint64_t len,
			 struct vdma_memory *mem, const char *where)
{
	int error;

	*mem = (struct vdma_memory){ .len = 0 };
	if (!len || len > domain->max_len)
		return domain->max_len ? VDMA_E_RANGE : VDMA_E_REFUSED_MODE;
	if (domain->ops->alloc)
		error = domain->ops->alloc(domain, len, mem);
	else
		error = domain_alloc_and_map(domain, len, mem);
	if (error)
		*mem = (struct vdma_memory){ .len = 0 };
	else
		vdma_audit_hook_map(domain, mem->dma, mem->len,
				    VDMA_BIDIRECTIONAL, where);
	return error;
}

void vdma_domain_free_at(struct vdma_domain *domain, struct vdma_memory *mem,
			 const char *where)
{
	if (!mem->len)
		return;
	vdma_audit_hook_unmap(domain, mem->dma, mem->len, VDMA_BIDIRECTIONAL,
			      where);
	if (domain->ops->free)
		domain->ops->free(domain, mem);
	else if (!domain->ops->unmap(domain, mem->dma, mem->len,
				     VDMA_BIDIRECTIONAL))
		domain->pages->put(domain->pages->ctx, mem);
	*mem = (struct vdma_memory){ .len = 0 };
}

static int domain_refuse_map(struct vdma_domain *domain, uint64_t phys,
			     uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	(void)domain;
	(void)phys;
	(void)len;
	(void)dir;
	(void)dma;
	return VDMA_E_REFUSED_MODE;
}

static int domain_refuse_unmap(struct vdma_domain *domain, uint64_t dma,
			       uint64_t len, enum vdma_dir dir)
{
	(void)domain;
	(void)dma;
	(void)len;
	(void)dir;
	return VDMA_E_INVALID;
}

void vdma_domain_refuse(struct vdma_domain *domain)
{
	static const struct vdma_domain_ops ops = {
		.map = domain_refuse_map,
		.unmap = domain_refuse_unmap,
	};

	*domain = (struct vdma_domain){ .ops = &ops, .mode = VDMA_MODE_REFUSE };
}

static int domain_linear_map(struct vdma_domain *domain, uint64_t phys,
			     uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	(void)dir;
	if (phys > domain->memory_end - len)
		return VDMA_E_RANGE;
	*dma = phys + domain->offset;
	return VDMA_OK;
}

static int domain_linear_unmap(struct vdma_domain *domain, uint64_t dma,
			       uint64_t len, enum vdma_dir dir)
{
	uint64_t phys = dma - domain->offset;

	(void)dir;
	if (!len || len > domain->max_len || phys > domain->memory_end - len)
		return VDMA_E_INVALID;
	return VDMA_OK;
}

static void domain_set_up_linear(struct vdma_domain *domain,
				 enum vdma_mode mode,
				 const struct vdma_pages *pages,
				 uint64_t offset, uint64_t memory_end)
{
	static const struct vdma_domain_ops ops = {
		.map = domain_linear_map,
		.unmap = domain_linear_unmap,
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

static int domain_set_up_window(struct vdma_domain *domain, enum vdma_mode mode,
				const struct vdma_pages *pages,
				const struct vdma_window *window,
				uint64_t memory_end)
{
	if (!vdma_window_valid(window) || window->size < memory_end)
		return VDMA_E_RANGE;
	domain_set_up_linear(domain, mode, pages, window->base, memory_end);
	return VDMA_OK;
}

void vdma_domain_direct(struct vdma_domain *domain,
			const struct vdma_pages *pages, uint64_t memory_end)
{
	domain_set_up_linear(domain, VDMA_MODE_DIRECT, pages, 0, memory_end);
}

int vdma_domain_bypass(struct vdma_domain *domain,
		       const struct vdma_pages *pages,
		       const struct vdma_window *window, uint64_t memory_end)
{
	return domain_set_up_window(domain, VDMA_MODE_BYPASS, pages, window,
				    memory_end);
}

int vdma_domain_identity(struct vdma_domain *domain,
			 const struct vdma_pages *pages,
			 const struct vdma_window *window, uint64_t memory_end)
{
	return domain_set_up_window(domain, VDMA_MODE_IDENTITY, pages, window,
				    memory_end);
}
