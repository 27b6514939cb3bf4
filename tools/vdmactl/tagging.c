// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Writes and removes "qemu,dma-bypass" in a copy of a device tree.
 */
#include <libfdt.h>
#include <vdma/abi.h>
#include "vdmactl.h"

/* Space for the property, its name, and the header's alignment */
#define GROWTH	256

size_t tagging_room(size_t fdt_size)
{
	return fdt_size + GROWTH;
}

/* fdt_open_into() keeps the offset of the node. */
int tagging_add(const void *fdt, int node, const struct vdma_window *window,
		void *out, size_t out_size)
{
	const fdt32_t cells[VDMA_PROP_CELLS] = {
		cpu_to_fdt32(VDMA_H_DMA_BYPASS),
		cpu_to_fdt32((uint32_t)(window->base >> 32)),
		cpu_to_fdt32((uint32_t)window->base),
		cpu_to_fdt32((uint32_t)(window->size >> 32)),
		cpu_to_fdt32((uint32_t)window->size),
	};
	int error = fdt_open_into(fdt, out, (int)out_size);

	if (!error)
		error = fdt_setprop(out, node, VDMA_PROP_NAME, cells,
				    sizeof(cells));
	return error ? error : fdt_pack(out);
}

int tagging_remove(const void *fdt, int node, void *out, size_t out_size)
{
	int error = fdt_open_into(fdt, out, (int)out_size);

	if (!error)
		error = fdt_delprop(out, node, VDMA_PROP_NAME);
	/* Readers see only the first property of a name; there may be more. */
	while (!error && fdt_getprop(out, node, VDMA_PROP_NAME, NULL))
		error = fdt_delprop(out, node, VDMA_PROP_NAME);
	return error ? error : fdt_pack(out);
}
