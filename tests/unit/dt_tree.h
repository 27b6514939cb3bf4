/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Builds small device trees for tests of dt.c, node by node. There is one tree
 * at a time, in dt_blob.
 */
#ifndef DT_TREE_H
#define DT_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include <vdma/abi.h>
#include <vdma/dt.h>
#include <vdma/error.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define UNUSED		__attribute__((unused))

/* Firmware's tag for a window of 2 GiB at 1 << 60 */
#define TAG_BASE	(1ull << VDMA_BYPASS_WINDOW_SHIFT)
#define TAG_SIZE	0x80000000ull
#define TAG_CELLS	VDMA_H_DMA_BYPASS, 0x10000000, 0, 0, 0x80000000

static _Alignas(8) uint8_t dt_blob[1 << 18];

UNUSED static void begin(const char *name)
{
	assert_int_equal(fdt_begin_node(dt_blob, name), 0);
}

UNUSED static void end(void)
{
	assert_int_equal(fdt_end_node(dt_blob), 0);
}

UNUSED static void bytes(const char *name, const void *value, size_t len)
{
	assert_int_equal(fdt_property(dt_blob, name, value, (int)len), 0);
}

UNUSED static void put_cells(const char *name, const uint32_t *cell,
			     size_t count)
{
	fdt32_t value[16];
	size_t i;

	assert_true(count <= ARRAY_SIZE(value));
	for (i = 0; i < count; i++)
		value[i] = cpu_to_fdt32(cell[i]);
	bytes(name, value, count * sizeof(*value));
}

/* A property of cells: cells("reg", 0x800, 0, 0, 0, 0) */
#define cells(name, ...)						\
	put_cells(name, (const uint32_t[]){ __VA_ARGS__ },		\
		  sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* A string property; text after a NUL in @value counts as well */
#define string(name, value)	bytes(name, value, sizeof(value))

UNUSED static void begin_tree(void)
{
	assert_int_equal(fdt_create(dt_blob, sizeof(dt_blob)), 0);
	assert_int_equal(fdt_finish_reservemap(dt_blob), 0);
	begin("");
	cells("#address-cells", 2);
	cells("#size-cells", 2);
}

/* Ends the tree; returns its size. */
UNUSED static size_t end_tree(void)
{
	end();
	assert_int_equal(fdt_finish(dt_blob), 0);
	return fdt_totalsize(dt_blob);
}

/* QEMU numbers the units of its PHBs like this. */
UNUSED static void begin_phb(unsigned int number)
{
	char name[32];

	snprintf(name, sizeof(name), "pci@80000002000000%x", number);
	begin(name);
	string("compatible", "IBM,Logical_PHB");
	cells("reg", 0x8000000, 0x20000000 + number, 0, 0);
}

/* A PCI function on bus 0, possibly a bridge to another bus */
UNUSED static void begin_function(unsigned int slot, uint32_t vendor,
				  uint32_t device, uint32_t class_code)
{
	char name[32];

	snprintf(name, sizeof(name), "dev@%x", slot);
	begin(name);
	cells("reg", slot << 11, 0, 0, 0, 0);
	cells("vendor-id", vendor);
	cells("device-id", device);
	cells("class-code", class_code);
}

UNUSED static void begin_disk(unsigned int slot)
{
	begin_function(slot, 0x1af4, 0x1042, 0x10000);
}

UNUSED static void begin_bridge(unsigned int slot)
{
	begin_function(slot, 0x1b36, 0x0001, 0x60400);
}

/* Opens the tree that was built. */
UNUSED static void open_tree(struct vdma_dt *dt)
{
	memset(dt, 0xa5, sizeof(*dt));
	assert_int_equal(vdma_dt_open(dt, dt_blob, end_tree()), VDMA_OK);
}

/* Opens the tree that was built, and begins to walk it. */
UNUSED static void start_walk(struct vdma_dt *dt, struct vdma_dt_cursor *c)
{
	open_tree(dt);
	vdma_dt_start(c, dt);
}

/* Opens the tree that was built, and finds its only function. */
UNUSED static void only_function(struct vdma_dt *dt, struct vdma_dt_cursor *c,
				 struct vdma_dt_function *fn)
{
	struct vdma_dt_function other;
	struct vdma_dt_cursor next;

	open_tree(dt);
	memset(c, 0xa5, sizeof(*c));
	memset(fn, 0xa5, sizeof(*fn));
	vdma_dt_start(c, dt);
	assert_int_equal(vdma_dt_next(c, fn), 1);
	next = *c;
	assert_int_equal(vdma_dt_next(&next, &other), 0);
}

#endif /* DT_TREE_H */
