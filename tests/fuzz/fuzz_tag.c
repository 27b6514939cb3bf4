// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vdmactl's tag and untag on any device tree: the result is a device tree with or without
 * the tag, and nothing else has changed.
 */
#include "../../tools/vdmactl/vdmactl.h"
#include "fuzz.h"

static struct vdma_window some_window(uint64_t number)
{
	struct vdma_window window = { 1ull << 60, 1ull << 31 };
	uint64_t state = number;

	if (number) {
		window.base = next_number(&state) & ~0xffffull;
		window.size = next_number(&state) % (UINT64_MAX - window.base);
		window.size += !window.size;
	}
	HOLDS(vdma_window_valid(&window));
	return window;
}

/* The next token other than FDT_NOP; NODE counts nodes, from -1. */
static uint32_t next_token(const void *fdt, int *at, int *next, int *node)
{
	uint32_t tag;

	do {
		*at = *next;
		tag = fdt_next_tag(fdt, *at, next);
	} while (tag == FDT_NOP);
	if (tag == FDT_BEGIN_NODE)
		++*node;
	return tag;
}

/* The next token that is not the tag on node TAGGED */
static uint32_t next_other(const void *fdt, int *at, int *next, int *node,
			   int tagged)
{
	const char *name;
	uint32_t tag;

	do {
		name = "";
		tag = next_token(fdt, at, next, node);
		if (tag == FDT_PROP)
			fdt_getprop_by_offset(fdt, *at, &name, NULL);
	} while (*node == tagged && !strcmp(name, VDMA_PROP_NAME));
	return tag;
}

static void check_same_token(const void *a, int a_at, const void *b, int b_at,
			     uint32_t tag)
{
	const void *a_value, *b_value;
	const char *a_name, *b_name;
	int a_len, b_len;

	if (tag == FDT_BEGIN_NODE) {
		HOLDS(!strcmp(fdt_get_name(a, a_at, NULL),
			      fdt_get_name(b, b_at, NULL)));
	} else if (tag == FDT_PROP) {
		a_value = fdt_getprop_by_offset(a, a_at, &a_name, &a_len);
		b_value = fdt_getprop_by_offset(b, b_at, &b_name, &b_len);
		HOLDS(!strcmp(a_name, b_name) && a_len == b_len);
		HOLDS(!memcmp(a_value, b_value, (size_t)a_len));
	}
}

/* Checks that two trees are the same, except for the tag on the node with this number. */
static void check_same_but(const void *a, const void *b, int tagged)
{
	int a_at, b_at, a_next = 0, b_next = 0, a_node = -1, b_node = -1, i;
	uint64_t a_from, a_size, b_from, b_size;
	uint32_t tag;

	do {
		tag = next_other(a, &a_at, &a_next, &a_node, tagged);
		HOLDS(tag == next_other(b, &b_at, &b_next, &b_node, tagged));
		check_same_token(a, a_at, b, b_at, tag);
	} while (tag != FDT_END);

	HOLDS(fdt_boot_cpuid_phys(a) == fdt_boot_cpuid_phys(b));
	HOLDS(fdt_num_mem_rsv(a) == fdt_num_mem_rsv(b));
	for (i = 0; i < fdt_num_mem_rsv(a); i++) {
		HOLDS(!fdt_get_mem_rsv(a, i, &a_from, &a_size));
		HOLDS(!fdt_get_mem_rsv(b, i, &b_from, &b_size));
		HOLDS(a_from == b_from && a_size == b_size);
	}
}

/* Number of the node at an offset */
static int number_of_node(const void *fdt, int offset)
{
	int at, next = 0, node = -1;

	do
		next_token(fdt, &at, &next, &node);
	while (at != offset);
	return node;
}

/* Checks that all functions are as before, except for the tag on one of them. */
static void check_functions(const struct second *before, const void *fdt,
			    size_t which, enum vdma_property property,
			    const struct vdma_window *window)
{
	struct second after;
	struct vdma_dt dt;
	size_t i;

	HOLDS(!vdma_dt_open(&dt, fdt, fdt_totalsize(fdt)));
	second_read(&after, &dt);
	HOLDS(after.count == before->count && after.end == before->end);
	HOLDS(after.fn[which].property == property);
	HOLDS(vdma_window_equal(&after.fn[which].property_window, window));
	after.fn[which].property = before->fn[which].property;
	after.fn[which].property_window = before->fn[which].property_window;
	for (i = 0; i < after.count; i++)
		HOLDS(same_function(&after.fn[i], &before->fn[i]));
	second_free(&after);
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

/*
 * May libfdt read this tree, but fail to write it? Its blocks share bytes, so that they may
 * not fit when they are laid out again, or its header (version 16) does not tell.
 */
static bool read_only(const void *fdt)
{
	uint32_t map = fdt_off_mem_rsvmap(fdt);
	uint32_t map_size = 16 * ((uint32_t)fdt_num_mem_rsv(fdt) + 1);
	uint32_t nodes = fdt_off_dt_struct(fdt);
	uint32_t nodes_size = fdt_size_dt_struct(fdt);
	uint32_t strings = fdt_off_dt_strings(fdt);
	uint32_t strings_size = fdt_size_dt_strings(fdt);

	return fdt_version(fdt) < 17 ||
	       overlap(map, map_size, nodes, nodes_size) ||
	       overlap(map, map_size, strings, strings_size) ||
	       overlap(nodes, nodes_size, strings, strings_size);
}

static void tag_and_untag(const void *fdt, size_t size,
			  const struct second *before, size_t which,
			  uint64_t number)
{
	static const struct vdma_window none;
	static struct fence tagged_fence, clean_fence;
	const struct vdma_window window = some_window(number);
	const int node = before->fn[which].node;
	const int node_number = number_of_node(fdt, node);
	size_t room = tagging_room(size);
	void *tagged = fenced(&tagged_fence, room);
	void *clean;
	int error;

	error = tagging_add(fdt, node, &window, tagged, room);
	if (error) {
		HOLDS(read_only(fdt));
		return;
	}
	HOLDS(fdt_totalsize(tagged) <= room);
	check_functions(before, tagged, which, VDMA_PROPERTY_VALID, &window);
	check_same_but(fdt, tagged, node_number);

	room = tagging_room(fdt_totalsize(tagged));
	clean = fenced(&clean_fence, room);
	HOLDS(!tagging_remove(tagged, node, clean, room));
	check_functions(before, clean, which, VDMA_PROPERTY_ABSENT, &none);
	check_same_but(tagged, clean, node_number);

	room = tagging_room(fdt_totalsize(clean));
	tagged = fenced(&tagged_fence, room);
	HOLDS(tagging_remove(clean, node, tagged, room) == -FDT_ERR_NOTFOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fence fence;
	struct second functions;
	struct vdma_dt dt;
	uint64_t number;
	uint8_t *fdt;

	if (size > INPUT_MAX)
		return 0;
	fdt = fenced(&fence, size);
	memcpy(fdt, data, size);
	if (vdma_dt_open(&dt, fdt, size))
		return 0;
	number = tree_number(fdt);
	second_read(&functions, &dt);
	if (functions.count) {
		tag_and_untag(fdt, size, &functions, number % functions.count,
			      number);
	}
	second_free(&functions);
	HOLDS(!memcmp(fdt, data, size));
	return 0;
}
