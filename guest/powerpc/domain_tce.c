// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The domain of mode tce: addresses from an allocator, entries in a table, and
 * a cache of mappings if it was given one.
 */
#include <vdma/error.h>
#include <vdma/tce.h>

static struct vdma_tce_domain *tce_domain(struct vdma_domain *domain)
{
	return (struct vdma_tce_domain *)domain;
}

static void enter_lock(const struct vdma_tce_domain *d)
{
	if (d->lock && d->lock->acquire)
		d->lock->acquire(d->lock->ctx);
}

static void leave_lock(const struct vdma_tce_domain *d)
{
	if (d->lock && d->lock->acquire)
		d->lock->release(d->lock->ctx);
}

/* Addresses of entries that may not be zero are never given out again. */
static int remove(struct vdma_tce_domain *d, uint32_t first, uint32_t n)
{
	int error = vdma_tce_clear(&d->window, first, n);

	if (error)
		d->stuck += n;
	else
		vdma_iova_give(&d->iova, first, n);
	return error;
}

/* Makes room by removing a mapping that is cached and not in use. */
static bool evict(struct vdma_tce_domain *d)
{
	uint32_t first, n;

	if (!d->reuse || !vdma_reuse_evict(d->reuse, &first, &n))
		return false;
	remove(d, first, n);
	return true;
}

static int enter(struct vdma_tce_domain *d, uint64_t page, uint32_t n,
		 enum vdma_dir dir, uint32_t *first)
{
	int error;

	do {
		*first = vdma_iova_take(&d->iova, n);
	} while (*first == VDMA_IOVA_NONE && evict(d));
	if (*first == VDMA_IOVA_NONE)
		return VDMA_E_NO_SPACE;
	error = vdma_tce_enter(&d->window, *first, n,
			       page << d->window.page_shift, dir);
	if (error == VDMA_E_TCE_STUCK)
		d->stuck += n;
	else if (error)
		vdma_iova_give(&d->iova, *first, n);
	return error;
}

static int enter_or_reuse(struct vdma_tce_domain *d, uint64_t page, uint32_t n,
			  enum vdma_dir dir, uint32_t *first)
{
	int error;

	if (!d->reuse || !d->reuse->on)
		return enter(d, page, n, dir, first);
	*first = vdma_reuse_get(d->reuse, page, n, dir);
	if (*first != VDMA_REUSE_NONE)
		return VDMA_OK;
	error = enter(d, page, n, dir, first);
	if (error)
		return error;
	if (vdma_reuse_full(d->reuse))
		evict(d);
	vdma_reuse_add(d->reuse, page, n, dir, *first);
	return VDMA_OK;
}

/* Pages that @len bytes at @offset in the first one take. */
static uint32_t span(const struct vdma_tce_domain *d, uint64_t offset,
		     uint64_t len)
{
	return (uint32_t)(((offset + len - 1) >> d->window.page_shift) + 1);
}

static uint64_t in_page(const struct vdma_tce_domain *d, uint64_t address)
{
	return address & (((uint64_t)1 << d->window.page_shift) - 1);
}

static int map_with(struct vdma_tce_domain *d, uint64_t phys, uint64_t len,
		    enum vdma_dir dir, uint64_t *dma,
		    int (*how)(struct vdma_tce_domain *d, uint64_t page,
			       uint32_t n, enum vdma_dir dir, uint32_t *first))
{
	uint64_t offset = in_page(d, phys);
	uint8_t shift = d->window.page_shift;
	uint32_t first;
	int error;

	enter_lock(d);
	error = how(d, phys >> shift, span(d, offset, len), dir, &first);
	leave_lock(d);
	if (!error)
		*dma = d->window.base + ((uint64_t)first << shift) + offset;
	return error;
}

static int map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
	       enum vdma_dir dir, uint64_t *dma)
{
	return map_with(tce_domain(domain), phys, len, dir, dma,
			enter_or_reuse);
}

/* Removes what is cached and not in use; the first error counts. */
static int empty_cache(struct vdma_tce_domain *d)
{
	int first_error = VDMA_OK;
	uint32_t first, n;

	while (vdma_reuse_evict(d->reuse, &first, &n)) {
		int error = remove(d, first, n);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

static int forget(struct vdma_tce_domain *d, uint32_t first, uint32_t n)
{
	enum vdma_reuse_put put = VDMA_REUSE_UNKNOWN;

	if (d->reuse)
		put = vdma_reuse_put(d->reuse, first, n);
	if (put == VDMA_REUSE_INVALID)
		return VDMA_E_INVALID;
	if (put == VDMA_REUSE_UNKNOWN)
		return remove(d, first, n);
	return d->reuse->on ? VDMA_OK : empty_cache(d);
}

static int unmap(struct vdma_domain *domain, uint64_t dma, uint64_t len,
		 enum vdma_dir dir)
{
	struct vdma_tce_domain *d = tce_domain(domain);
	uint64_t offset = in_page(d, dma);
	uint64_t first = (dma - d->window.base) >> d->window.page_shift;
	int error = VDMA_E_INVALID;

	(void)dir;
	if (!len || len > domain->max_len || dma < d->window.base ||
	    first >= d->window.pages)
		return VDMA_E_INVALID;
	enter_lock(d);
	if (vdma_iova_is_taken(&d->iova, (uint32_t)first,
			       span(d, offset, len)))
		error = forget(d, (uint32_t)first, span(d, offset, len));
	leave_lock(d);
	return error;
}

/*
 * Memory of rings goes back to the caller's pages, so nothing may be cached of
 * it.
 */
static int alloc(struct vdma_domain *domain, uint64_t len,
		 struct vdma_memory *mem)
{
	const struct vdma_pages *pages = domain->pages;
	int error = pages->get(pages->ctx, len, mem);

	if (error)
		return error;
	error = map_with(tce_domain(domain), mem->phys, mem->len,
			 VDMA_BIDIRECTIONAL, &mem->dma, enter);
	if (error)
		pages->put(pages->ctx, mem);
	return error;
}

static void free_mem(struct vdma_domain *domain, struct vdma_memory *mem)
{
	if (!unmap(domain, mem->dma, mem->len, VDMA_BIDIRECTIONAL))
		domain->pages->put(domain->pages->ctx, mem);
}

int vdma_tce_domain_init(struct vdma_tce_domain *d,
			 const struct vdma_pages *pages,
			 const struct vdma_tce_window *window, void *bits,
			 const struct vdma_lock *lock,
			 struct vdma_reuse *reuse)
{
	static const struct vdma_domain_ops ops = {
		.map = map,
		.unmap = unmap,
		.alloc = alloc,
		.free = free_mem,
	};
	uint64_t size = window->pages << window->page_shift;

	if (!window->pages || window->pages >= VDMA_IOVA_NONE ||
	    size >> window->page_shift != window->pages ||
	    window->base + (size - 1) < window->base)
		return VDMA_E_RANGE;
	if (reuse && (!reuse->count || reuse->count & (reuse->count - 1)))
		return VDMA_E_INVALID;
	*d = (struct vdma_tce_domain){
		.domain = {
			.ops = &ops, .mode = VDMA_MODE_TCE, .pages = pages,
			.max_len = size,
		},
		.window = *window,
		.lock = lock,
		.reuse = reuse,
	};
	vdma_iova_init(&d->iova, bits, (uint32_t)window->pages);
	/* A device may take address 0 for none: QEMU does, of a ring. */
	if (!window->base)
		vdma_iova_take(&d->iova, 1);
	return VDMA_OK;
}

int vdma_tce_domain_reuse(struct vdma_tce_domain *d, bool on)
{
	int error = VDMA_OK;

	if (!d->reuse)
		return VDMA_OK;
	enter_lock(d);
	d->reuse->on = on;
	if (!on)
		error = empty_cache(d);
	leave_lock(d);
	return error;
}

void vdma_tce_domain_count(struct vdma_tce_domain *d,
			   struct vdma_tce_counts *counts)
{
	enter_lock(d);
	*counts = (struct vdma_tce_counts){
		.taken = d->iova.taken,
		.stuck = d->stuck,
		.hcalls = d->window.hcalls,
		.hits = d->reuse ? d->reuse->hits : 0,
		.misses = d->reuse ? d->reuse->misses : 0,
	};
	leave_lock(d);
}
