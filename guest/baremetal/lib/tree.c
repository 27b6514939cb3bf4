// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Reads the machine's device tree. */
#include <libfdt.h>
#include "base.h"
#include "console.h"
#include "of.h"
#include "tree.h"

uint32_t tree_u32(const uint32_t *cells, size_t index)
{
	return fdt32_to_cpu(((const fdt32_t *)cells)[index]);
}

uint64_t tree_u64(const uint32_t *cells, size_t index)
{
	return (uint64_t)tree_u32(cells, index) << 32 |
	       tree_u32(cells, index + 1);
}

const char *tree_string(int node, const char *name, const char *fallback)
{
	int len;
	const char *s = fdt_getprop(of_tree(), node, name, &len);

	return s && len && !s[len - 1] ? s : fallback;
}

const uint32_t *tree_cells(int node, const char *name, size_t count)
{
	int len;
	const void *cells = fdt_getprop(of_tree(), node, name, &len);

	return cells && (size_t)len >= count * sizeof(fdt32_t) ? cells : NULL;
}

uint32_t tree_cell(int node, const char *name, size_t index)
{
	const uint32_t *cells = tree_cells(node, name, index + 1);

	if (!cells)
		bail_out("cannot read %s of %s: fewer than %zu cells", name,
			 fdt_get_name(of_tree(), node, NULL), index + 1);
	return tree_u32(cells, index);
}

static int tree_path(const char *name)
{
	int node = fdt_path_offset(of_tree(), name);

	if (node < 0)
		bail_out("cannot find %s in the device tree", name);
	return node;
}

/* The next node of a type; -1 after the last. */
static int tree_next_of_type(int node, const char *type)
{
	return fdt_node_offset_by_prop_value(of_tree(), node, "device_type",
					     type, (int)strlen(type) + 1);
}

const char *tree_bootargs(void)
{
	return tree_string(tree_path("/chosen"), "bootargs", "");
}

uint32_t tree_console(void)
{
	int node = fdt_node_offset_by_compatible(of_tree(), -1, "hvterm1");
	const uint32_t *reg = node < 0 ? NULL : tree_cells(node, "reg", 1);

	if (!reg)
		of_die("Bail out! cannot find hvterm1 in the device tree\n");
	return tree_u32(reg, 0);
}

uint32_t tree_timebase(void)
{
	return tree_cell(tree_next_of_type(-1, "cpu"), "timebase-frequency", 0);
}

unsigned int tree_cpus(uint32_t *ids, unsigned int max)
{
	const char *threads = "ibm,ppc-interrupt-server#s";
	unsigned int count = 0;
	int node = -1, len, i;

	while ((node = tree_next_of_type(node, "cpu")) >= 0) {
		const uint32_t *cells = fdt_getprop(of_tree(), node, threads,
						    &len);

		for (i = 0; cells && i < len / 4 && count < max; i++)
			ids[count++] = tree_u32(cells, (size_t)i);
	}
	return count;
}

void tree_memory(void (*add)(uint64_t start, uint64_t end))
{
	int node = -1;

	while ((node = tree_next_of_type(node, "memory")) >= 0) {
		const uint32_t *reg = tree_cells(node, "reg", 4);

		if (reg)
			add(tree_u64(reg, 0),
			    tree_u64(reg, 0) + tree_u64(reg, 2));
	}
}

bool tree_has_hypertas(const char *name)
{
	return fdt_stringlist_search(of_tree(), tree_path("/rtas"),
				     "ibm,hypertas-functions", name) >= 0;
}
