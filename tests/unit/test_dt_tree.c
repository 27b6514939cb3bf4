// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: facts about the whole tree, and properties that nodes inherit, are read as
 * Linux and PAPR define them, and never beyond their bytes.
 */
#include "dt_tree.h"

static void put_memory(const char *type, const uint32_t *reg, size_t count)
{
	begin("memory@0");
	bytes("device_type", type, strlen(type) + 1);
	put_cells("reg", reg, count);
	end();
}

#define memory(type, ...)						\
	put_memory(type, (const uint32_t[]){ __VA_ARGS__ },		\
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void put_capacity(uint32_t high, uint32_t low)
{
	begin("rtas");
	cells("ibm,lrdr-capacity", high, low, 0, 0x10000000, 1);
	end();
}

static void assert_memory_end(uint64_t end)
{
	struct vdma_dt dt;

	open_tree(&dt);
	assert_true(dt.memory_end == end);
}

/* The end of memory covers all nodes, and memory that may be plugged. */
static void memory_end(void **state)
{
	(void)state;
	begin_tree();
	memory("memory", 0, 0, 1, 0);
	assert_memory_end(0x100000000);

	/* Several nodes with several entries; the last entry is cut off. */
	begin_tree();
	memory("memory", 0, 0, 0, 0x40000000, 3, 0, 0, 0x10000000);
	memory("memory", 2, 0, 1, 0x1000, 9, 0, 9);
	assert_memory_end(0x310000000);

	/* Hot-pluggable memory ends above; QEMU writes 0 if there is no such memory. */
	begin_tree();
	put_capacity(8, 0);
	memory("memory", 0, 0, 0, 0x40000000);
	assert_memory_end(0x800000000);
	begin_tree();
	put_capacity(0, 0);
	memory("memory", 0, 0, 0, 0x40000000);
	assert_memory_end(0x40000000);
}

/* If memory's end is unknown, every window is too small. */
static void memory_unknown(void **state)
{
	(void)state;
	begin_tree();
	assert_memory_end(UINT64_MAX);
	begin_tree();
	put_capacity(0, 0);
	memory("memory2", 0, 0, 1, 0);
	memory("Memory", 0, 0, 1, 0);
	assert_memory_end(UINT64_MAX);
	begin_tree();
	begin("rtas");
	cells("ibm,lrdr-capacity", 8);
	end();
	assert_memory_end(UINT64_MAX);

	/* Memory that wraps has no end. */
	begin_tree();
	memory("memory", 0, 0, 1, 0);
	memory("memory", 0xffffffff, 0, 1, 0);
	assert_memory_end(UINT64_MAX);
}

/* With cell sizes that no pseries machine has, only the capacity counts. */
static void memory_in_other_cells(void **state)
{
	unsigned int capacity;

	(void)state;
	for (capacity = 0; capacity < 2; capacity++) {
		assert_int_equal(fdt_create(dt_blob, sizeof(dt_blob)), 0);
		assert_int_equal(fdt_finish_reservemap(dt_blob), 0);
		begin("");
		cells("#address-cells", 1);
		cells("#size-cells", 1);
		if (capacity)
			put_capacity(8, 0);
		memory("memory", 0, 0x40000000, 0x80000000, 0x40000000);
		assert_memory_end(capacity ? 0x800000000 : UINT64_MAX);
	}
}

static bool announced(const char *list, size_t len)
{
	struct vdma_dt dt;

	begin_tree();
	begin("rtas");
	bytes("ibm,hypertas-functions", list, len);
	end();
	open_tree(&dt);
	return dt.hcall_announced;
}

/* Only a whole string of the list announces the call. */
static void announcement(void **state)
{
	static const char others[] = "hcall-pft\0hcall-dma\0" VDMA_HYPERTAS_NAME "2";
	static const char last[] = "hcall-pft\0" VDMA_HYPERTAS_NAME;
	struct vdma_dt dt;

	(void)state;
	assert_true(announced(last, sizeof(last)));
	assert_true(announced(VDMA_HYPERTAS_NAME, sizeof(VDMA_HYPERTAS_NAME)));
	/* Not a list of strings: the last one is not terminated. */
	assert_false(announced(last, sizeof(last) - 1));
	assert_false(announced(others, sizeof(others)));
	assert_false(announced("", 0));
	begin_tree();
	open_tree(&dt);
	assert_false(dt.hcall_announced);
}

/* The option is a word of the boot arguments, with or without a value. */
static void disable_ddw(void **state)
{
#define ARGS(text, disabled)	{ text, sizeof(text), disabled }
	static const struct {
		const char *text;
		size_t len;
		bool disabled;
	} cases[] = {
		ARGS("disable_ddw", true),
		ARGS("quiet disable_ddw", true),
		ARGS("disable_ddw quiet", true),
		ARGS("quiet  disable_ddw  debug", true),
		ARGS("disable_ddw\n", true),
		ARGS("quiet\tdisable_ddw", true),
		ARGS("disable_ddw=1", true),
		{ "quiet disable_ddw", 17, true },
		ARGS("", false),
		ARGS("disable_dd", false),
		ARGS("disable_ddw2", false),
		ARGS("xdisable_ddw", false),
		ARGS("pci=disable_ddw", false),
		ARGS("quiet disable_ddw.x", false),
		ARGS("quiet\0 disable_ddw", false),
		{ "", 0, false },
	};
#undef ARGS
	struct vdma_dt dt;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_tree();
		begin("chosen");
		bytes("bootargs", cases[i].text, cases[i].len);
		end();
		open_tree(&dt);
		if (dt.ddw_disabled != cases[i].disabled)
			fail_msg("\"%s\": not %d", cases[i].text,
				 cases[i].disabled);
	}
}

/* A machine in which one node has the properties, and a function below all nodes */
enum place { ROOT, PHB, BRIDGE, FUNCTION, NEIGHBOUR, PLACES };

static struct vdma_dt_function walk_with(enum place place, bool disabled,
					 void (*put)(void))
{
	static struct vdma_dt_cursor c;
	struct vdma_dt_function fn;
	struct vdma_dt dt;

	begin_tree();
	if (place == ROOT)
		put();
	if (disabled) {
		begin("chosen");
		string("bootargs", "disable_ddw");
		end();
	}
	begin_phb(0);
	if (place == PHB)
		put();
	begin_bridge(1);
	if (place == NEIGHBOUR)
		put();
	end();
	begin_bridge(2);
	if (place == BRIDGE)
		put();
	begin_disk(3);
	if (place == FUNCTION)
		put();
	end();
	end();
	end();
	only_function(&dt, &c, &fn);
	return fn;
}

static void put_applicable(void)
{
	cells("ibm,ddw-applicable", 0x2026, 0x2027, 0x2028);
}

/* Too short: Linux needs three tokens. */
static void put_two_tokens(void)
{
	cells("ibm,ddw-applicable", 0x2026, 0x2027);
}

static void put_noncoherent(void)
{
	string("dma-noncoherent", "");
}

/* Properties apply to nodes below; those of dynamic windows from the PHB down. */
static void handed_down(void **state)
{
	unsigned int p;

	(void)state;
	for (p = 0; p < PLACES; p++) {
		enum place place = (enum place)p;
		bool in_phb = p >= PHB && p <= FUNCTION;
		struct vdma_dt_function fn;

		fn = walk_with(place, false, put_applicable);
		assert_int_equal(fn.ddw, in_phb);
		fn = walk_with(place, true, put_applicable);
		assert_false(fn.ddw);
		fn = walk_with(place, false, put_two_tokens);
		assert_false(fn.ddw);
		fn = walk_with(place, false, put_noncoherent);
		assert_int_equal(fn.noncoherent, p != NEIGHBOUR);
	}
}

/* Linux's structure: liobn, padding, base, page shift, window shift */
static void put_direct(void)
{
	cells("linux,direct64-ddr-window-info", 0x80000001, 0,
	      0x08000000, 0, 24, 34);
}

static void put_dma(void)
{
	cells("linux,dma64-ddr-window-info", 0x80000001, 0,
	      0x08000001, 0x20, 16, 30);
}

static void put_both(void)
{
	put_dma();
	put_direct();
}

static void put_unusable(void)
{
	cells("linux,direct64-ddr-window-info", 0x80000001, 0,
	      0x08000000, 0, 24, 64);
	cells("linux,dma64-ddr-window-info", 0x80000001, 0,
	      0x08000000, 0, 24);
}

/* Each form of dynamic window is found at any node from the PHB to the function. */
static void windows(void **state)
{
	static const struct {
		void (*put)(void);
		struct vdma_window window;
	} cases[] = {
		{ put_direct, { 0x800000000000000, 1ull << 34 } },
		{ put_dma, { 0x800000100000020, 1ull << 30 } },
		{ put_both, { 0x800000000000000, 1ull << 34 } },
		{ put_unusable, { 0, 0 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int p;

		for (p = 0; p < PLACES; p++) {
			struct vdma_window want = cases[i].window;
			struct vdma_dt_function fn;

			fn = walk_with((enum place)p, false, cases[i].put);
			if (p < PHB || p > FUNCTION)
				want = (struct vdma_window){ 0, 0 };
			assert_true(fn.ddw_window.base == want.base);
			assert_true(fn.ddw_window.size == want.size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_end),
		cmocka_unit_test(memory_unknown),
		cmocka_unit_test(memory_in_other_cells),
		cmocka_unit_test(announcement),
		cmocka_unit_test(disable_ddw),
		cmocka_unit_test(handed_down),
		cmocka_unit_test(windows),
	};

	return cmocka_run_group_tests_name("dt_tree", tests, NULL, NULL);
}
