// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The device-tree property "qemu,dma-bypass", and windows in general.
 */
#include <vdma/abi.h>
#include <vdma/window.h>

#define CELL	sizeof(uint32_t)

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

/* Device-tree cells are big endian (Devicetree Specification, 2.2.4). */
static uint32_t cell(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint64_t two_cells(const uint8_t *p)
{
	return (uint64_t)cell(p) << 32 | cell(p + CELL);
}

enum vdma_property vdma_property_read(const void *cells, size_t len,
				      struct vdma_window *window)
{
	const uint8_t *p = cells;
	struct vdma_window w;

	*window = (struct vdma_window){ 0, 0 };
	if (!p)
		return VDMA_PROPERTY_ABSENT;
	if (len != VDMA_PROP_CELLS * CELL || cell(p) != VDMA_H_DMA_BYPASS)
		return VDMA_PROPERTY_MALFORMED;

	w.base = two_cells(p + CELL);
	w.size = two_cells(p + 3 * CELL);
	if (!vdma_window_valid(&w))
		return VDMA_PROPERTY_MALFORMED;
	*window = w;
	return VDMA_PROPERTY_VALID;
}
