// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Windows of DMA addresses.
 */
#include <vdma/abi.h>
#include <vdma/window.h>

bool vdma_window_valid(const struct vdma_window *window)
{
	const uint64_t align = 1ull << VDMA_BYPASS_WINDOW_ALIGN_SHIFT;

	return window->size && !(window->base & (align - 1)) &&
	       window->base + (window->size - 1) >= window->base;
}

bool vdma_window_equal(const struct vdma_window *a, const struct vdma_window *b)
{
	return a->base == b->base && a->size == b->size;
}

bool vdma_window_reached(const struct vdma_window *window, uint64_t mask)
{
	return window->base + (window->size - 1) <= mask;
}
