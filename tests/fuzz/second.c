// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second, different reader of device trees: in one pass over the tokens of the structure
 * block, not node by node with fdt_getprop(). Each node collects its properties, and is
 * evaluated when they are complete.
 */
#include "fuzz.h"

enum {
	COMPATIBLE, REG, VENDOR_ID, DEVICE_ID, CLASS_CODE, NONCOHERENT,
	DDW_APPLICABLE, DIRECT64, DMA64, TAG, NAMES
};

static const char *const names[NAMES] = {
	"compatible", "reg", "vendor-id", "device-id", "class-code",
	"dma-noncoherent", "ibm,ddw-applicable",
	"linux,direct64-ddr-window-info", "linux,dma64-ddr-window-info",
	VDMA_PROP_NAME,
};

struct value {
	const uint8_t *bytes;
	int len;
};

/* A node whose end has not been reached */
struct open_node {
	int offset;
	size_t path_len;
	bool judged;
	bool in_phb;
	uint64_t buid;
	bool ddw;
	struct vdma_window made;
	bool noncoherent;
	struct value value[NAMES];
};

struct reader {
	const struct vdma_dt *dt;
	struct second *out;
	struct open_node *open;
	size_t depth;		/* nodes that are open */
	size_t room;
	char path[VDMA_DT_PATH_MAX];
};

static void *grown(void *memory, size_t count, size_t each)
{
	memory = realloc(memory, count * each);
	HOLDS(memory);
	return memory;
}

/* Cell INDEX, or cells INDEX and INDEX + 1, of a value that is long enough */
static uint64_t cells(const struct value *value, int index, int count)
{
	uint64_t number = 0;
	int i;

	for (i = 4 * index; i < 4 * (index + count); i++)
		number = number << 8 | value->bytes[i];
	return number;
}

static bool has_cells(const struct value *value, int count)
{
	return value->bytes && value->len >= 4 * count;
}

/*
 * Is WORD one of the strings of a value? Like libfdt, accepts a last string without NUL if
 * the byte after the value happens to be one.
 */
static bool lists(const struct value *value, const char *word)
{
	const char *text = (const char *)value->bytes;
	int len = (int)strlen(word);
	int i;

	for (i = 0; text && i + len <= value->len; i++)
		if ((!i || !text[i - 1]) &&
		    !memcmp(text + i, word, (size_t)len + 1))
			return true;
	return false;
}

static void inherit(struct open_node *node)
{
	const struct value *v = node->value;
	int i;

	if (v[NONCOHERENT].bytes)
		node->noncoherent = true;
	if (lists(&v[COMPATIBLE], "IBM,Logical_PHB") && has_cells(&v[REG], 2)) {
		node->in_phb = true;
		node->buid = cells(&v[REG], 0, 2);
	}
	if (!node->in_phb)
		return;
	if (has_cells(&v[DDW_APPLICABLE], 3))
		node->ddw = true;
	for (i = DMA64; i >= DIRECT64; i--) {
		if (!has_cells(&v[i], 6) || cells(&v[i], 5, 1) >= 64)
			continue;
		node->made.base = cells(&v[i], 2, 2);
		node->made.size = 1ull << cells(&v[i], 5, 1);
	}
}

static void add(struct reader *r, const struct open_node *node)
{
	const struct value *v = node->value;
	struct second *out = r->out;
	struct vdma_dt_function *fn;

	out->fn = grown(out->fn, out->count + 1, sizeof(*out->fn));
	fn = &out->fn[out->count++];
	*fn = (struct vdma_dt_function){
		.path = strdup(r->depth > 1 ? r->path : "/"),
		.node = node->offset,
		.buid = node->buid,
		.domain = node->buid & 0xffff,
		.vendor = (uint16_t)cells(&v[VENDOR_ID], 0, 1),
		.device = (uint16_t)cells(&v[DEVICE_ID], 0, 1),
		.ddw = node->ddw && !r->dt->ddw_disabled,
		.ddw_window = node->made,
		.noncoherent = node->noncoherent,
	};
	HOLDS(fn->path);
	fn->virtio = fn->vendor == 0x1af4 && fn->device >> 7 == 0x1000 >> 7;
	fn->transitional = fn->virtio && fn->device < 0x1040;
	if (has_cells(&v[REG], 5)) {
		fn->addressed = true;
		fn->config_addr = (uint32_t)cells(&v[REG], 0, 1) & 0xffff00;
	}
	fn->property = vdma_property_read(v[TAG].bytes, (size_t)v[TAG].len,
					  &fn->property_window);
}

/* Evaluates the node at the top; false if it is too deep. */
static bool judge(struct reader *r)
{
	struct open_node *node = &r->open[r->depth - 1];
	const struct value *v = node->value;

	if (node->judged)
		return true;
	node->judged = true;
	inherit(node);
	if (!node->in_phb)
		return true;
	if (r->depth > VDMA_DT_DEPTH || node->path_len >= VDMA_DT_PATH_MAX)
		return false;
	if (has_cells(&v[VENDOR_ID], 1) && has_cells(&v[DEVICE_ID], 1) &&
	    cells(&v[VENDOR_ID], 0, 1) <= 0xffff &&
	    cells(&v[DEVICE_ID], 0, 1) <= 0xffff &&
	    !(has_cells(&v[CLASS_CODE], 1) &&
	      cells(&v[CLASS_CODE], 0, 1) >> 8 == 0x0604))
		add(r, node);
	return true;
}

static void enter(struct reader *r, int offset)
{
	int len;
	const char *name = fdt_get_name(r->dt->fdt, offset, &len);
	struct open_node *node;
	size_t above = 0;

	HOLDS(name);
	if (r->depth == r->room) {
		r->room = 2 * r->room + 1;
		r->open = grown(r->open, r->room, sizeof(*r->open));
	}
	node = &r->open[r->depth];
	*node = (struct open_node){ .offset = offset };
	if (r->depth) {
		*node = node[-1];
		above = node->path_len;
		node->offset = offset;
		node->judged = false;
		node->path_len = above + 1 + (size_t)len;
		memset(node->value, 0, sizeof(node->value));
		if (node->path_len < VDMA_DT_PATH_MAX)
			snprintf(r->path + above, sizeof(r->path) - above,
				 "/%s", name);
	}
	r->depth++;
}

/* libfdt takes the first property of a name, and ignores properties after a subnode. */
static void collect(struct reader *r, int offset)
{
	struct open_node *node = &r->open[r->depth - 1];
	struct value value;
	const char *name;
	int i;

	value.bytes = fdt_getprop_by_offset(r->dt->fdt, offset, &name,
					    &value.len);
	HOLDS(value.bytes);
	for (i = 0; i < NAMES && !node->judged; i++)
		if (!node->value[i].bytes && !strcmp(name, names[i]))
			node->value[i] = value;
}

void second_read(struct second *second, const struct vdma_dt *dt)
{
	struct reader r = { .dt = dt, .out = second };
	bool shallow = true;
	int at, next = 0;

	*second = (struct second){ 0 };
	do {
		uint32_t tag;

		at = next;
		tag = fdt_next_tag(dt->fdt, at, &next);
		if ((tag == FDT_BEGIN_NODE && r.depth) || tag == FDT_END_NODE)
			shallow = judge(&r);
		if (tag == FDT_BEGIN_NODE)
			enter(&r, at);
		else if (tag == FDT_PROP)
			collect(&r, at);
		else if (tag == FDT_END_NODE)
			r.depth--;
		else if (tag == FDT_END)
			break;
	} while (shallow && r.depth);
	second->end = shallow ? 0 : VDMA_E_DEEP;
	free(r.open);
}

void second_free(struct second *second)
{
	while (second->count)
		free((void *)second->fn[--second->count].path);
	free(second->fn);
}

bool same_function(const struct vdma_dt_function *a,
		   const struct vdma_dt_function *b)
{
	return !strcmp(a->path, b->path) && a->buid == b->buid &&
	       a->domain == b->domain && a->config_addr == b->config_addr &&
	       a->addressed == b->addressed && a->vendor == b->vendor &&
	       a->device == b->device && a->virtio == b->virtio &&
	       a->transitional == b->transitional &&
	       a->property == b->property &&
	       vdma_window_equal(&a->property_window, &b->property_window) &&
	       a->ddw == b->ddw &&
	       vdma_window_equal(&a->ddw_window, &b->ddw_window) &&
	       a->noncoherent == b->noncoherent;
}
