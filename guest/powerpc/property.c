// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Reads the device-tree property "qemu,dma-bypass".
 */
#include <vdma/abi.h>
#include <vdma/window.h>

#define CELL	sizeof(uint32_t)

/* Device-tree cells are big endian (Devicetree Specification, 2.2.4). */
static uint32_t property_cell(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint64_t property_cell2(const uint8_t *p)
{
	return (uint64_t)property_cell(p) << 32 | property_cell(p + CELL);
}

enum vdma_property vdma_property_read(const void *cells, size_t len,
				      struct vdma_window *window)
{
	const uint8_t *p = cells;
	struct vdma_window w;

	*window = (struct vdma_window){ 0, 0 };
	if (!p)
		return VDMA_PROPERTY_ABSENT;
	if (len != VDMA_PROP_CELLS * CELL ||
	    property_cell(p) != VDMA_H_DMA_BYPASS)
		return VDMA_PROPERTY_MALFORMED;

	w.base = property_cell2(p + CELL);
	w.size = property_cell2(p + 3 * CELL);
	if (!vdma_window_valid(&w))
		return VDMA_PROPERTY_MALFORMED;
	*window = w;
	return VDMA_PROPERTY_VALID;
}
