// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Writes and removes "qemu,dma-bypass" in a copy of a device tree.
 */
#include <libfdt.h>
#include <vdma/abi.h>
#include "vdmactl.h"

/* Room for the property, its name, and the header's alignment. */
#define GROWTH	256

size_t tagging_room(size_t fdt_size)
{
	return fdt_size + GROWTH;
}

/* Offset of the node in OUT, which becomes a copy of the tree. */
static int open_copy(const void *fdt, const char *path, void *out,
		     size_t out_size)
{
	int error = fdt_open_into(fdt, out, (int)out_size);

	return error ? error : fdt_path_offset(out, path);
}

int tagging_add(const void *fdt, const char *path,
		const struct vdma_window *window, void *out, size_t out_size)
{
	fdt32_t cells[VDMA_PROP_CELLS] = {
		cpu_to_fdt32(VDMA_H_DMA_BYPASS),
		cpu_to_fdt32((uint32_t)(window->base >> 32)),
		cpu_to_fdt32((uint32_t)window->base),
		cpu_to_fdt32((uint32_t)(window->size >> 32)),
		cpu_to_fdt32((uint32_t)window->size),
	};
	int node = open_copy(fdt, path, out, out_size);
	int error;

	if (node < 0)
		return node;
	error = fdt_setprop(out, node, VDMA_PROP_NAME, cells, sizeof(cells));
	return error ? error : fdt_pack(out);
}

int tagging_remove(const void *fdt, const char *path, void *out,
		   size_t out_size)
{
	int node = open_copy(fdt, path, out, out_size);
	int error;

	if (node < 0)
		return node;
	error = fdt_delprop(out, node, VDMA_PROP_NAME);
	return error ? error : fdt_pack(out);
}
