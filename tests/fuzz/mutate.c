// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mutation of device trees. Random bytes are seldom a valid tree, and would not reach the
 * code that walks one. So most mutations edit the tree with libfdt and keep it valid; some
 * change bytes at random.
 */
#include "fuzz.h"

#define VALUE_MAX	256
#define NAME_ROOM	400

static _Alignas(8) uint8_t tree[2 * INPUT_MAX];
static uint64_t state;

static unsigned int pick(unsigned int count)
{
	return (unsigned int)(next_number(&state) >> 16) % count;
}

/* Names that the library looks for, each with a value that is valid somewhere */
#define BYTES(text)	(text), sizeof(text) - 1

static const struct {
	const char *name;
	const char *value;
	int len;
} known[] = {
	{ "compatible", BYTES("IBM,Logical_PHB\0") },
	{ "compatible", BYTES("pci\0IBM,Logical_PHB\0") },
	{ "reg", BYTES("\x08\0\0\0\x20\0\0\1\0\0\0\0\0\0\0\0") },
	{ "reg", BYTES("\0\1\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	{ "vendor-id", BYTES("\0\0\x1a\xf4") },
	{ "device-id", BYTES("\0\0\x10\x41") },
	{ "device-id", BYTES("\0\0\x10\0") },
	{ "class-code", BYTES("\0\6\4\0") },
	{ "class-code", BYTES("\0\2\0\0") },
	{ "dma-noncoherent", BYTES("") },
	{ "ibm,ddw-applicable", BYTES("\0\0\0\1\0\0\0\2\0\0\0\3") },
	{ "linux,direct64-ddr-window-info",
	  BYTES("\x80\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\x1f") },
	{ "linux,dma64-ddr-window-info",
	  BYTES("\x80\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\x28") },
	{ VDMA_PROP_NAME,
	  BYTES("\0\0\xf0\x10\x10\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0") },
	{ VDMA_PROP_NAME, BYTES("\0\0\xf0\x10") },
	{ "ibm,hypertas-functions", BYTES("hcall-dma-bypass\0") },
	{ "ibm,lrdr-capacity",
	  BYTES("\0\0\0\0\xc0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\1") },
	{ "bootargs", BYTES("quiet disable_ddw\0") },
	{ "bootargs", BYTES("disable_ddw=1") },
	{ "device_type", BYTES("memory\0") },
	{ "#address-cells", BYTES("\0\0\0\2") },
	{ "#size-cells", BYTES("\0\0\0\2") },
};

static const char *const node_names[] = {
	"", "rtas", "chosen", "memory@0", "scsi@1", "scsi@1,1", "scsi", "pci@2",
	"pci@800000020000000", "a/b", "rtas@1",
};

static bool interesting(int node)
{
	return !node || fdt_getprop(tree, node, "vendor-id", NULL) ||
	       !fdt_node_check_compatible(tree, node, "IBM,Logical_PHB");
}

/* A random node; every other time a node that the walk looks at. */
static int some_node(void)
{
	bool any = pick(2);
	int node, count = 0;

	for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
		count += any || interesting(node);
	count = (int)pick((unsigned int)count);
	for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
		if ((any || interesting(node)) && !count--)
			break;
	return node;
}

/* A random property of a node, or a negative error */
static int some_property(int node)
{
	int offset, count = 0;

	fdt_for_each_property_offset(offset, tree, node)
		count++;
	if (!count)
		return -FDT_ERR_NOTFOUND;
	count = (int)pick((unsigned int)count);
	fdt_for_each_property_offset(offset, tree, node)
		if (!count--)
			break;
	return offset;
}

/* Edits. They ignore errors, such as missing nodes and lack of space. */

static void set_known(int node)
{
	unsigned int i = pick(ARRAY_SIZE(known));
	int len = known[i].len;

	if (!pick(8))
		len = (int)pick((unsigned int)len + 1);
	fdt_setprop(tree, node, known[i].name, known[i].value, len);
}

/* Copies a random property of a node; its length, or -1 without a short one */
static int read_property(int node, const char **name, uint8_t value[VALUE_MAX])
{
	int len, offset = some_property(node);
	const void *old;

	if (offset < 0)
		return -1;
	old = fdt_getprop_by_offset(tree, offset, name, &len);
	if (!old || len > VALUE_MAX)
		return -1;
	memcpy(value, old, (size_t)len);
	return len;
}

static void change_value(int node)
{
	uint8_t value[VALUE_MAX];
	const char *name;
	int len = read_property(node, &name, value);

	if (len < 0)
		return;
	len = (int)LLVMFuzzerMutate(value, (size_t)len, VALUE_MAX);
	fdt_setprop(tree, node, name, value, len);
}

/* Names stand in the string block, and are shared by properties. */
static void change_property_name(int node)
{
	int offset = some_property(node);
	const char *name;
	char *byte;

	if (offset < 0 || !fdt_getprop_by_offset(tree, offset, &name, NULL))
		return;
	byte = (char *)name + pick((unsigned int)strlen(name) + 1);
	*byte = (char)pick(256);
}

static fdt32_t *name_offset(int property)
{
	return &((struct fdt_property *)(tree + fdt_off_dt_struct(tree) +
					 property))->nameoff;
}

/* Two properties with one name, which libfdt itself never creates */
static void repeat_property(int node)
{
	int from = some_property(node), to = some_property(node);

	if (from >= 0 && to >= 0)
		*name_offset(to) = *name_offset(from);
}

static void remove_property(int node)
{
	int offset = some_property(node);
	const char *name;

	if (offset < 0 || !fdt_getprop_by_offset(tree, offset, &name, NULL))
		return;
	if (pick(2))
		fdt_delprop(tree, node, name);
	else
		fdt_nop_property(tree, node, name);
}

static const char *some_name(void)
{
	static char name[NAME_ROOM];

	if (pick(8))
		return node_names[pick(ARRAY_SIZE(node_names))];
	memset(name, 'a' + (int)pick(26), sizeof(name));
	name[pick(NAME_ROOM)] = '\0';
	name[NAME_ROOM - 1] = '\0';
	return name;
}

static void add_nodes(int node)
{
	unsigned int count = pick(8) ? 1 : 1 + pick(40);

	while (count-- && node >= 0)
		node = fdt_add_subnode(tree, node, some_name());
}

static void remove_node(int node)
{
	if (!node)
		return;
	if (pick(2))
		fdt_del_node(tree, node);
	else
		fdt_nop_node(tree, node);
}

static void rename_node(int node)
{
	fdt_set_name(tree, node, some_name());
}

static void add_function(int node)
{
	static const char *const device[] = { "\0\0\x10\x41", "\0\0\x10\2" };

	node = fdt_add_subnode(tree, node, some_name());
	if (node < 0)
		return;
	fdt_setprop(tree, node, "vendor-id", "\0\0\x1a\xf4", 4);
	fdt_setprop(tree, node, "device-id", device[pick(2)], 4);
}

static void copy_property(int node)
{
	uint8_t value[VALUE_MAX];
	const char *name;
	int len = read_property(some_node(), &name, value);

	if (len >= 0)
		fdt_setprop(tree, node, name, value, len);
}

static void change_header(int node)
{
	(void)node;
	if (pick(8))
		fdt_set_boot_cpuid_phys(tree, (uint32_t)next_number(&state));
	else
		fdt_add_mem_rsv(tree, next_number(&state), 4096);
}

static void edit(void)
{
	static void (*const edits[])(int node) = {
		set_known, set_known, set_known, change_value, change_value,
		change_property_name, repeat_property, remove_property,
		copy_property, add_function, add_nodes, remove_node,
		rename_node, change_header,
	};

	edits[pick(ARRAY_SIZE(edits))](some_node());
}

/* Random bytes, every other time with a header that matches their number */
static size_t change_bytes(uint8_t *data, size_t size, size_t max_size)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (size >= sizeof(struct fdt_header) && pick(2)) {
		fdt_set_magic(data, FDT_MAGIC);
		fdt_set_totalsize(data, (uint32_t)size);
	}
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	unsigned int count;
	struct vdma_dt dt;

	state = seed + 1ull;
	if (!pick(8) || vdma_dt_open(&dt, data, size) ||
	    fdt_open_into(data, tree, sizeof(tree)))
		return change_bytes(data, size, max_size);

	for (count = 1 + pick(4); count; count--)
		edit();
	fdt_pack(tree);
	if (fdt_totalsize(tree) > max_size)
		return change_bytes(data, size, max_size);
	memcpy(data, tree, fdt_totalsize(tree));
	return fdt_totalsize(tree);
}
