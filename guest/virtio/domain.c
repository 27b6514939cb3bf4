// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * What all domains have in common: arguments are looked at, the audit is told,
 * and memory for rings is got and mapped where the mode has no better way.
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

int vdma_domain_unmap_at(struct vdma_domain *domain, uint64_t dma,
			 uint64_t len, enum vdma_dir dir, const char *where)
{
	vdma_audit_hook_unmap(domain, dma, len, dir, where);
	return domain->ops->unmap(domain, dma, len, dir);
}

static int get_and_map(struct vdma_domain *domain, uint64_t len,
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
		error = get_and_map(domain, len, mem);
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

static int refuse_map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		      enum vdma_dir dir, uint64_t *dma)
{
	(void)domain;
	(void)phys;
	(void)len;
	(void)dir;
	(void)dma;
	return VDMA_E_REFUSED_MODE;
}

static int refuse_unmap(struct vdma_domain *domain, uint64_t dma, uint64_t len,
			enum vdma_dir dir)
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
		.map = refuse_map,
		.unmap = refuse_unmap,
	};

	*domain = (struct vdma_domain){ .ops = &ops,
					.mode = VDMA_MODE_REFUSE };
}
