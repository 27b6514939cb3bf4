// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Mode tce: addresses from an allocator, entries in a TCE table, and optionally a cache
 * of mappings.
 */
#include <vdma/error.h>
#include <vdma/tce.h>
#include "../dma/container_of.h"
#include "../dma/iova.h"
#include "../dma/map_cache.h"

static struct vdma_tce_domain *tce_domain(struct vdma_domain *domain)
{
	return container_of(domain, struct vdma_tce_domain, domain);
}

/* An address whose entries may not be zero is never allocated again. */
static int tce_domain_remove(struct vdma_tce_domain *d, uint32_t first,
			     uint32_t n)
{
	int error = vdma_tce_clear(&d->window, first, n);

	if (error)
		d->stuck += n;
	else
		vdma_iova_free(d->iova, first, n);
	return error;
}

/* Makes room by removing the least recently used cached mapping. */
static bool tce_domain_evict(struct vdma_tce_domain *d)
{
	uint32_t first, n;

	if (!d->cache || !vdma_map_cache_evict(d->cache, &first, &n))
		return false;
	tce_domain_remove(d, first, n);
	return true;
}

static int tce_domain_enter(struct vdma_tce_domain *d, uint64_t page,
			    uint32_t n, enum vdma_dir dir, uint32_t *first)
{
	int error;

	do {
		*first = vdma_iova_alloc(d->iova, n);
	} while (*first == VDMA_IOVA_NONE && tce_domain_evict(d));
	if (*first == VDMA_IOVA_NONE)
		return VDMA_E_NO_SPACE;
	error = vdma_tce_enter(&d->window, *first, n,
			       page << d->window.page_shift, dir);
	if (error == VDMA_E_TCE_STUCK)
		d->stuck += n;
	else if (error)
		vdma_iova_free(d->iova, *first, n);
	return error;
}

static int tce_domain_enter_cached(struct vdma_tce_domain *d, uint64_t page,
				   uint32_t n, enum vdma_dir dir,
				   uint32_t *first)
{
	int error;

	if (!d->cache || !d->cache->on)
		return tce_domain_enter(d, page, n, dir, first);
	*first = vdma_map_cache_get(d->cache, page, n, dir);
	if (*first != VDMA_MAP_CACHE_NONE)
		return VDMA_OK;
	error = tce_domain_enter(d, page, n, dir, first);
	if (error)
		return error;
	if (vdma_map_cache_full(d->cache))
		tce_domain_evict(d);
	vdma_map_cache_add(d->cache, page, n, dir, *first);
	return VDMA_OK;
}

/* Number of pages that @len bytes from @offset in the first one take */
static uint32_t tce_domain_span(const struct vdma_tce_domain *d,
				uint64_t offset, uint64_t len)
{
	return (uint32_t)(((offset + len - 1) >> d->window.page_shift) + 1);
}

static uint64_t tce_domain_offset(const struct vdma_tce_domain *d,
				  uint64_t address)
{
	return address & (((uint64_t)1 << d->window.page_shift) - 1);
}

typedef int (*tce_domain_enter_fn)(struct vdma_tce_domain *d, uint64_t page,
				   uint32_t n, enum vdma_dir dir,
				   uint32_t *first);

static int tce_domain_map_by(struct vdma_tce_domain *d, uint64_t phys,
			     uint64_t len, enum vdma_dir dir, uint64_t *dma,
			     tce_domain_enter_fn enter)
{
	uint64_t offset = tce_domain_offset(d, phys);
	uint8_t shift = d->window.page_shift;
	uint32_t first;
	int error;

	vdma_lock_acquire(d->lock);
	error = enter(d, phys >> shift, tce_domain_span(d, offset, len), dir,
		      &first);
	vdma_lock_release(d->lock);
	if (!error)
		*dma = d->window.base + ((uint64_t)first << shift) + offset;
	return error;
}

static int tce_domain_map(struct vdma_domain *domain, uint64_t phys,
			  uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	return tce_domain_map_by(tce_domain(domain), phys, len, dir, dma,
				 tce_domain_enter_cached);
}

/* Removes all cached mappings that are not in use; returns the first error. */
static int tce_domain_empty_cache(struct vdma_tce_domain *d)
{
	int first_error = VDMA_OK;
	uint32_t first, n;

	while (vdma_map_cache_evict(d->cache, &first, &n)) {
		int error = tce_domain_remove(d, first, n);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

static int tce_domain_put(struct vdma_tce_domain *d, uint32_t first, uint32_t n)
{
	enum vdma_map_cache_put put = VDMA_MAP_CACHE_UNKNOWN;

	if (d->cache)
		put = vdma_map_cache_put(d->cache, first, n);
	if (put == VDMA_MAP_CACHE_INVALID)
		return VDMA_E_INVALID;
	if (put == VDMA_MAP_CACHE_UNKNOWN)
		return tce_domain_remove(d, first, n);
	return d->cache->on ? VDMA_OK : tce_domain_empty_cache(d);
}

static int tce_domain_unmap(struct vdma_domain *domain, uint64_t dma,
			    uint64_t len, enum vdma_dir dir)
{
	struct vdma_tce_domain *d = tce_domain(domain);
	uint64_t offset = tce_domain_offset(d, dma);
	uint64_t first = (dma - d->window.base) >> d->window.page_shift;
	int error = VDMA_E_INVALID;
	uint32_t n;

	(void)dir;
	if (!len || len > domain->max_len || dma < d->window.base ||
	    first >= d->window.pages)
		return VDMA_E_INVALID;
	n = tce_domain_span(d, offset, len);
	vdma_lock_acquire(d->lock);
	if (vdma_iova_in_use(d->iova, (uint32_t)first, n))
		error = tce_domain_put(d, (uint32_t)first, n);
	vdma_lock_release(d->lock);
	return error;
}

/* Ring memory goes back to the caller's pages, so its mapping must not be cached. */
static int tce_domain_alloc(struct vdma_domain *domain, uint64_t len,
			    struct vdma_memory *mem)
{
	const struct vdma_pages *pages = domain->pages;
	int error = pages->get(pages->ctx, len, mem);

	if (error)
		return error;
	error = tce_domain_map_by(tce_domain(domain), mem->phys, mem->len,
				  VDMA_BIDIRECTIONAL, &mem->dma,
				  tce_domain_enter);
	if (error)
		pages->put(pages->ctx, mem);
	return error;
}

static void tce_domain_free(struct vdma_domain *domain, struct vdma_memory *mem)
{
	if (!tce_domain_unmap(domain, mem->dma, mem->len, VDMA_BIDIRECTIONAL))
		domain->pages->put(domain->pages->ctx, mem);
}

static bool tce_domain_valid(const struct vdma_tce_window *window)
{
	uint64_t size = window->pages << window->page_shift;

	return window->pages && window->pages < VDMA_IOVA_NONE &&
	       size >> window->page_shift == window->pages &&
	       window->base + (size - 1) >= window->base;
}

size_t vdma_tce_domain_private_size(const struct vdma_tce_window *window,
				    uint32_t cached)
{
	size_t size = sizeof(struct vdma_iova);

	if (!tce_domain_valid(window))
		return 0;
	size += vdma_iova_size((uint32_t)window->pages);
	if (cached)
		size += sizeof(struct vdma_map_cache) +
			cached * sizeof(struct vdma_map_cache_entry);
	return size;
}

static void tce_domain_init_private(struct vdma_tce_domain *d, uint32_t cached,
				    void *private_mem)
{
	uint32_t pages = (uint32_t)d->window.pages;
	char *mem = private_mem;

	d->iova = private_mem;
	mem += sizeof(*d->iova);
	vdma_iova_init(d->iova, mem, pages);
	if (!cached)
		return;
	mem += vdma_iova_size(pages);
	d->cache = (struct vdma_map_cache *)mem;
	mem += sizeof(*d->cache);
	vdma_map_cache_init(d->cache, (struct vdma_map_cache_entry *)mem,
			    cached);
}

int vdma_tce_domain_init(struct vdma_tce_domain *d,
			 const struct vdma_pages *pages,
			 const struct vdma_tce_window *window, uint32_t cached,
			 const struct vdma_lock *lock, void *private_mem)
{
	static const struct vdma_domain_ops ops = {
		.map = tce_domain_map,
		.unmap = tce_domain_unmap,
		.alloc = tce_domain_alloc,
		.free = tce_domain_free,
	};

	if (!tce_domain_valid(window))
		return VDMA_E_RANGE;
	if (cached & (cached - 1))
		return VDMA_E_INVALID;
	*d = (struct vdma_tce_domain){
		.domain = {
			.ops = &ops, .mode = VDMA_MODE_TCE, .pages = pages,
			.max_len = window->pages << window->page_shift,
		},
		.window = *window,
		.lock = lock,
	};
	tce_domain_init_private(d, cached, private_mem);
	/* A device may treat address 0 as invalid, as QEMU does for rings. */
	if (!window->base)
		vdma_iova_alloc(d->iova, 1);
	return VDMA_OK;
}

int vdma_tce_domain_reuse(struct vdma_tce_domain *d, bool on)
{
	int error = VDMA_OK;

	if (!d->cache)
		return VDMA_OK;
	vdma_lock_acquire(d->lock);
	d->cache->on = on;
	if (!on)
		error = tce_domain_empty_cache(d);
	vdma_lock_release(d->lock);
	return error;
}

void vdma_tce_domain_count(struct vdma_tce_domain *d,
			   struct vdma_tce_counts *counts)
{
	vdma_lock_acquire(d->lock);
	*counts = (struct vdma_tce_counts){
		.used = d->iova->used,
		.stuck = d->stuck,
		.hcalls = d->window.hcalls,
		.hits = d->cache ? d->cache->hits : 0,
		.misses = d->cache ? d->cache->misses : 0,
	};
	vdma_lock_release(d->lock);
}
