/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Windows of DMA addresses, and the device-tree property that names one.
 */
#ifndef VDMA_WINDOW_H
#define VDMA_WINDOW_H

#include <vdma/types.h>

/**
 * struct vdma_window - a range of DMA addresses that reaches memory
 * @base: first DMA address, in bytes
 * @size: length in bytes; 0 stands for "no window"
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
 * @VDMA_PROPERTY_MALFORMED: the property is there but must not be used
 * @VDMA_PROPERTY_VALID: it has one, and its window was read
 */
enum vdma_property {
	VDMA_PROPERTY_ABSENT,
	VDMA_PROPERTY_MALFORMED,
	VDMA_PROPERTY_VALID,
};

/**
 * vdma_window_valid() - can this window be used at all?
 * @window: the window
 *
 * Return: true if @window is not empty, its base is aligned to 64 KiB and its
 * last address does not wrap.
 */
bool vdma_window_valid(const struct vdma_window *window);

/**
 * vdma_window_equal() - are two windows the same?
 * @a: one
 * @b: the other
 */
bool vdma_window_equal(const struct vdma_window *a,
		       const struct vdma_window *b);

/**
 * vdma_window_reached() - does a DMA mask reach the last byte of a window?
 * @window: a valid window
 * @mask: the DMA mask, all ones up to the highest address
 */
bool vdma_window_reached(const struct vdma_window *window, uint64_t mask);

/**
 * vdma_property_read() - read "qemu,dma-bypass"
 * @cells: the property's bytes as they stand in the device tree, or NULL if
 *	   there is no such property; no alignment is asked for
 * @len: number of bytes
 * @window: filled in when the property is valid, otherwise zeroed
 *
 * docs/abi/qemu,dma-bypass.md defines malformed.
 *
 * Return: one of &enum vdma_property.
 */
enum vdma_property vdma_property_read(const void *cells, size_t len,
				      struct vdma_window *window);

#endif /* VDMA_WINDOW_H */
