// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Walks a flattened device tree with libfdt and finds PCI functions.
 *
 * This is the only file of the core that needs a library. The whole tree is checked first,
 * so that libfdt's accessors are safe afterwards.
 */
#include <libfdt.h>
#include <vdma/abi.h>
#include <vdma/dt.h>
#include <vdma/error.h>
#include <vdma/virtio_pci.h>

/* IEEE 1275 PCI binding: "reg" has 5 cells per entry, configuration space first. */
#define PCI_REG_BYTES		(5 * 4)
/* PCI Code and ID Assignment: base class 06, subclass 04 */
#define PCI_CLASS_BRIDGE_PCI	0x0604

/* Devicetree Specification, 5.2: last_comp_version of version 17 */
#define OLDEST_VERSION		16

/* Linux, arch/powerpc/kernel/pci-common.c: MAX_PHBS */
#define LINUX_MAX_PHBS		0x10000

static bool dt_read_cell(const void *fdt, int node, const char *name,
			 unsigned int index, uint32_t *value)
{
	int len;
	const uint8_t *p = fdt_getprop(fdt, node, name, &len);

	if (!p || (size_t)len < (index + 1) * sizeof(*value))
		return false;
	*value = fdt32_ld((const fdt32_t *)(p + index * sizeof(*value)));
	return true;
}

static bool dt_read_cell2(const void *fdt, int node, const char *name,
			  unsigned int index, uint64_t *value)
{
	uint32_t high, low;

	if (!dt_read_cell(fdt, node, name, index, &high) ||
	    !dt_read_cell(fdt, node, name, index + 1, &low))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

static bool dt_has(const void *fdt, int node, const char *name)
{
	return fdt_getprop(fdt, node, name, NULL);
}

/*
 * Is @word one of the kernel's arguments? Linux also accepts it with a value, and ignores
 * text after a NUL.
 */
static bool dt_has_bootarg(const void *fdt, int node, const char *name,
			   const char *word)
{
	int left, len = (int)strlen(word);
	const char *p = fdt_getprop(fdt, node, name, &left);
	bool start = true;

	for (; p && left >= len && *p; p++, left--) {
		bool end = left == len || strchr(" \t\n=", p[len]);

		if (start && end && !memcmp(p, word, (size_t)len))
			return true;
		start = strchr(" \t\n", *p);
	}
	return false;
}

/*
 * End of memory (Devicetree Specification, 3.4: entries of address and size, two cells
 * each); a range that wraps has no end.
 */
static uint64_t dt_memory_end(const void *fdt, uint64_t end)
{
	int node, len;

	if (fdt_address_cells(fdt, 0) != 2 || fdt_size_cells(fdt, 0) != 2)
		return end;
	fdt_for_each_subnode(node, fdt, 0) {
		const char *type = fdt_getprop(fdt, node, "device_type", &len);
		uint64_t base, size;
		unsigned int i;

		if (!type || len != sizeof("memory") || strcmp(type, "memory"))
			continue;
		for (i = 0; dt_read_cell2(fdt, node, "reg", i, &base); i += 4) {
			if (!dt_read_cell2(fdt, node, "reg", i + 2, &size))
				break;
			if (size > UINT64_MAX - base)
				return UINT64_MAX;
			if (base + size > end)
				end = base + size;
		}
	}
	return end;
}

/*
 * libfdt before 1.7 adds lengths of properties without checking for overflow: with a
 * negative length fdt_check_full() may never end, or accept the tree.
 */
static bool dt_lengths_fit(const void *fdt)
{
	int offset = 0;

	for (;;) {
		const fdt32_t *tag = fdt_offset_ptr(fdt, offset, 2 * FDT_TAGSIZE);

		if (tag && fdt32_ld(tag) == FDT_PROP &&
		    fdt32_ld(tag + 1) > fdt_totalsize(fdt))
			return false;
		if (fdt_next_tag(fdt, offset, &offset) == FDT_END)
			return true;
	}
}

/* fdt_check_full() may dereference NULL for versions before OLDEST_VERSION. */
static bool dt_undamaged(const void *fdt, size_t size)
{
	return !fdt_check_header(fdt) && fdt_totalsize(fdt) <= size &&
	       fdt_version(fdt) >= OLDEST_VERSION && dt_lengths_fit(fdt) &&
	       !fdt_check_full(fdt, size);
}

int vdma_dt_open(struct vdma_dt *dt, const void *fdt, size_t size)
{
	int node;

	if (size < sizeof(struct fdt_header) || fdt_magic(fdt) != FDT_MAGIC)
		return VDMA_E_NO_TREE;
	if (!dt_undamaged(fdt, size))
		return VDMA_E_BAD_TREE;

	*dt = (struct vdma_dt){ .fdt = fdt };
	node = fdt_path_offset(fdt, "/rtas");
	if (node >= 0) {
		dt->hcall_announced =
			fdt_stringlist_search(fdt, node,
					      "ibm,hypertas-functions",
					      VDMA_HYPERTAS_NAME) >= 0;
		dt_read_cell2(fdt, node, "ibm,lrdr-capacity", 0,
			      &dt->memory_end);
	}
	dt->memory_end = dt_memory_end(fdt, dt->memory_end);
	if (!dt->memory_end)
		dt->memory_end = UINT64_MAX;
	node = fdt_path_offset(fdt, "/chosen");
	if (node >= 0) {
		dt->ddw_disabled =
			dt_has_bootarg(fdt, node, "bootargs", "disable_ddw");
		dt->iommu_off =
			dt_has(fdt, node, "linux,iommu-off") ||
			dt_has_bootarg(fdt, node, "bootargs", "iommu=off");
	}
	return VDMA_OK;
}

void vdma_dt_start(struct vdma_dt_cursor *cursor, const struct vdma_dt *dt)
{
	cursor->dt = dt;
	cursor->node = -1;
	cursor->depth = -1;
	cursor->path[0] = '\0';
}

/* Appends a node's name to the path; false if it does not fit. */
static bool dt_extend_path(struct vdma_dt_cursor *c, size_t above,
			   struct vdma_dt_level *level)
{
	int len;
	const char *name = fdt_get_name(c->dt->fdt, c->node, &len);
	size_t left = sizeof(c->path) - above;

	/* If this path does not fit, no path below it does. */
	level->path_len = sizeof(c->path);
	if (!name || (size_t)len + 2 > left)
		return false;
	c->path[above] = '/';
	memcpy(c->path + above + 1, name, (size_t)len + 1);
	/* The root's name is empty: its path is "/", but children do not start with "//". */
	level->path_len = c->depth ? above + 1 + (size_t)len : 0;
	return true;
}

/*
 * A window that Linux has created for a PE: struct dynamic_dma_window_prop of arch/powerpc/
 * platforms/pseries/iommu.c, with liobn, 4 bytes of padding, base (2 cells), log2 of the
 * page size, log2 of the window's size.
 */
static void dt_read_linux_window(const void *fdt, int node,
				 struct vdma_window *window)
{
	static const char *const names[] = {
		"linux,direct64-ddr-window-info",
		"linux,dma64-ddr-window-info",
	};
	uint32_t log2_size;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!dt_read_cell(fdt, node, names[i], 5, &log2_size) ||
		    log2_size >= 64)
			continue;
		dt_read_cell2(fdt, node, names[i], 2, &window->base);
		window->size = 1ull << log2_size;
		return;
	}
}

/* Properties of the node at the cursor override the inherited ones. */
static void dt_descend(const void *fdt, int node, struct vdma_dt_level *level)
{
	uint32_t token;
	uint64_t buid;

	if (dt_has(fdt, node, "dma-noncoherent"))
		level->noncoherent = true;
	if (!fdt_node_check_compatible(fdt, node, "IBM,Logical_PHB") &&
	    dt_read_cell2(fdt, node, "reg", 0, &buid)) {
		level->in_phb = true;
		level->buid = buid;
	}
	if (!level->in_phb)
		return;
	/* LoPAR 7.3.28: tokens of query, create and remove */
	if (dt_read_cell(fdt, node, "ibm,ddw-applicable", 2, &token))
		level->ddw = true;
	dt_read_linux_window(fdt, node, &level->ddw_window);
}

static bool dt_is_bridge(const void *fdt, int node)
{
	uint32_t class_code;

	return dt_read_cell(fdt, node, "class-code", 0, &class_code) &&
	       class_code >> 8 == PCI_CLASS_BRIDGE_PCI;
}

/* Reads the node at the cursor; false if it is not a PCI function, or is a bridge. */
static bool dt_read_function(const struct vdma_dt_cursor *c,
			     const struct vdma_dt_level *level,
			     struct vdma_dt_function *fn)
{
	const void *fdt = c->dt->fdt;
	uint32_t vendor, device, reg;
	const void *cells;
	int len = 0;

	if (!dt_read_cell(fdt, c->node, "vendor-id", 0, &vendor) ||
	    !dt_read_cell(fdt, c->node, "device-id", 0, &device) ||
	    (vendor | device) > UINT16_MAX || dt_is_bridge(fdt, c->node))
		return false;

	*fn = (struct vdma_dt_function){
		.path = c->path,
		.node = c->node,
		.buid = level->buid,
		.domain = (uint32_t)level->buid % LINUX_MAX_PHBS,
		.vendor = (uint16_t)vendor,
		.device = (uint16_t)device,
		.ddw = level->ddw && !c->dt->ddw_disabled,
		.ddw_window = level->ddw_window,
		.noncoherent = level->noncoherent,
	};
	fn->virtio = vdma_is_virtio(fn->vendor, fn->device);
	fn->transitional = fn->virtio &&
			   fn->device <= VDMA_PCI_TRANSITIONAL_LAST;

	fdt_getprop(fdt, c->node, "reg", &len);
	if (len >= PCI_REG_BYTES &&
	    dt_read_cell(fdt, c->node, "reg", 0, &reg)) {
		fn->config_addr = reg & VDMA_CONFIG_ADDR_MASK;
		fn->addressed = true;
	}
	len = 0;
	cells = fdt_getprop(fdt, c->node, VDMA_PROP_NAME, &len);
	fn->property = vdma_property_read(cells, cells ? (size_t)len : 0,
					  &fn->property_window);
	return true;
}

int vdma_dt_next(struct vdma_dt_cursor *c, struct vdma_dt_function *fn)
{
	const struct vdma_dt_level none = { 0 };

	for (;;) {
		const struct vdma_dt_level *above = &none;
		struct vdma_dt_level level;
		bool fits;

		c->node = fdt_next_node(c->dt->fdt, c->node, &c->depth);
		if (c->node == -FDT_ERR_NOTFOUND || c->depth < 0)
			return 0;
		if (c->node < 0)
			return VDMA_E_BAD_TREE;

		/* Nodes below the deepest level that is kept count as its children. */
		if (c->depth > 0)
			above = &c->level[c->depth < VDMA_DT_DEPTH ?
					  c->depth - 1 : VDMA_DT_DEPTH - 1];
		level = *above;
		fits = c->depth < VDMA_DT_DEPTH &&
		       dt_extend_path(c, above->path_len, &level);
		dt_descend(c->dt->fdt, c->node, &level);
		if (level.in_phb && !fits)
			return VDMA_E_DEEP;
		if (c->depth < VDMA_DT_DEPTH)
			c->level[c->depth] = level;
		if (level.in_phb && dt_read_function(c, &level, fn))
			return 1;
	}
}
