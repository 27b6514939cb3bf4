/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Windows of DMA addresses, and the device-tree property that contains one
 */
#ifndef VDMA_WINDOW_H
#define VDMA_WINDOW_H

#include <vdma/types.h>

/**
 * struct vdma_window - a range of DMA addresses that reaches memory
 * @base: first DMA address, in bytes
 * @size: length in bytes; 0: no window
 *
 * In a bypass or an identity window, @base + X reaches guest physical X.
 */
struct vdma_window {
	uint64_t base;
	uint64_t size;
};

/**
 * enum vdma_property - firmware's tag of a function
 * @VDMA_PROPERTY_ABSENT: the node has no "qemu,dma-bypass"
 * @VDMA_PROPERTY_MALFORMED: the property exists but must not be used
 * @VDMA_PROPERTY_VALID: the property is valid
 */
enum vdma_property {
	VDMA_PROPERTY_ABSENT,
	VDMA_PROPERTY_MALFORMED,
	VDMA_PROPERTY_VALID,
};

/**
 * vdma_window_valid() - check a window
 * @window: the window
 *
 * Return: true if @window is not empty, its base is aligned to 64 KiB and its end does not
 * wrap.
 */
bool vdma_window_valid(const struct vdma_window *window);

/**
 * vdma_window_equal() - test whether two windows are equal
 * @a: a window
 * @b: another window
 */
bool vdma_window_equal(const struct vdma_window *a,
		       const struct vdma_window *b);

/**
 * vdma_window_reached() - test whether a DMA mask covers all of a window
 * @window: a valid window
 * @mask: the DMA mask, all ones up to the highest address
 */
bool vdma_window_reached(const struct vdma_window *window, uint64_t mask);

/**
 * vdma_property_read() - read "qemu,dma-bypass"
 * @cells: the property's bytes in the device tree, of any alignment; NULL if there is no
 *	   such property
 * @len: number of bytes
 * @window: filled in if the property is valid, otherwise zeroed
 *
 * docs/abi/qemu,dma-bypass.md says which properties are malformed.
 *
 * Return: one of &enum vdma_property.
 */
enum vdma_property vdma_property_read(const void *cells, size_t len,
				      struct vdma_window *window);

#endif /* VDMA_WINDOW_H */
