// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: a function that is nested too deeply, or whose path is too long, is an error;
 * nodes outside of PHBs may be nested to any depth.
 */
#include "dt_tree.h"

/* Opens @count nodes below the last one, or closes them. */
static void begin_nodes(unsigned int count, const char *name)
{
	while (count--)
		begin(name);
}

static void end_nodes(unsigned int count)
{
	while (count--)
		end();
}

/* A function on level @depth; the root is level 0, the PHB level 1. */
static int walk_depth(unsigned int depth, struct vdma_dt_function *fn)
{
	static struct vdma_dt_cursor c;
	struct vdma_dt dt;

	begin_tree();
	begin_phb(0);
	begin_nodes(depth - 2, "x");
	begin_disk(1);
	end_nodes(depth);
	start_walk(&dt, &c);
	return vdma_dt_next(&c, fn);
}

/* Functions are found up to the maximum depth; deeper ones are an error. */
static void depth(void **state)
{
	struct vdma_dt_function fn;
	unsigned int level;

	(void)state;
	for (level = 2; level < VDMA_DT_DEPTH; level++)
		assert_int_equal(walk_depth(level, &fn), 1);
	for (; level < 3 * VDMA_DT_DEPTH; level++)
		assert_int_equal(walk_depth(level, &fn), VDMA_E_DEEP);
}

/* A function whose path has @length characters. */
static int walk_path(size_t length, struct vdma_dt_function *fn)
{
	static const char phb[] = "/pci@800000020000000", disk[] = "/dev@1";
	static struct vdma_dt_cursor c;
	char name[VDMA_DT_PATH_MAX + 64];
	struct vdma_dt dt;

	memset(name, 'x', sizeof(name));
	name[length - strlen(phb) - strlen(disk) - 1] = '\0';
	begin_tree();
	begin_phb(0);
	begin(name);
	begin_disk(1);
	end_nodes(3);
	start_walk(&dt, &c);
	return vdma_dt_next(&c, fn);
}

/* Paths are whole up to the maximum length; longer ones are an error. */
static void path(void **state)
{
	struct vdma_dt_function fn;
	size_t length;

	(void)state;
	for (length = 40; length < VDMA_DT_PATH_MAX; length++) {
		assert_int_equal(walk_path(length, &fn), 1);
		assert_int_equal(strlen(fn.path), length);
	}
	for (; length < VDMA_DT_PATH_MAX + 40; length++)
		assert_int_equal(walk_path(length, &fn), VDMA_E_DEEP);
}

/* Deep nodes do not affect the PHB after them. */
static void deep_elsewhere(void **state)
{
	char name[VDMA_DT_PATH_MAX];
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	begin_tree();
	begin_nodes(2 * VDMA_DT_DEPTH, "x");
	begin_disk(1);
	cells("ibm,ddw-applicable", 1, 2, 3);
	string("dma-noncoherent", "");
	end_nodes(2 * VDMA_DT_DEPTH + 1);
	begin(name);
	begin(name);
	begin_disk(2);
	end_nodes(3);
	begin_phb(1);
	begin_disk(3);
	end_nodes(2);
	only_function(&dt, &c, &fn);
	assert_string_equal(fn.path, "/pci@800000020000001/dev@3");
	assert_false(fn.ddw);
	assert_false(fn.noncoherent);
}

/* A PHB may itself be too deep, or its path too long. */
static void deep_phb(void **state)
{
	static const unsigned int levels[] = {
		VDMA_DT_DEPTH - 1, VDMA_DT_DEPTH, 2 * VDMA_DT_DEPTH
	};
	char name[VDMA_DT_PATH_MAX];
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	size_t i;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i <= ARRAY_SIZE(levels); i++) {
		bool by_path = i == ARRAY_SIZE(levels);
		unsigned int above = by_path ? 1 : levels[i] - 1;

		begin_tree();
		begin_nodes(above, by_path ? name : "x");
		begin_phb(0);
		end_nodes(above + 1);
		start_walk(&dt, &c);
		assert_int_equal(vdma_dt_next(&c, &fn), i ? VDMA_E_DEEP : 0);
	}
}

/*
 * The walk survives a node without a name, which is damage: its path has nothing between
 * two slashes, and does not shorten other paths.
 */
static void node_without_name(void **state)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;

	(void)state;
	begin_tree();
	begin_phb(0);
	begin("");
	begin_disk(1);
	end_nodes(3);
	only_function(&dt, &c, &fn);
	assert_string_equal(fn.path, "/pci@800000020000000//dev@1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth),
		cmocka_unit_test(path),
		cmocka_unit_test(deep_elsewhere),
		cmocka_unit_test(deep_phb),
		cmocka_unit_test(node_without_name),
	};

	return cmocka_run_group_tests_name("dt_depth", tests, NULL, NULL);
}
