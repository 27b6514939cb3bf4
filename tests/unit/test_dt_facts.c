// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: vdma_dt_facts() returns each fact with its source: the tree, the caller, or
 * the default.
 */
#include "dt_tree.h"

#define MEMORY		0x40000000ull
#define USUAL_DDW	(1ull << 59)
#define F		(1ull << VDMA_F_ACCESS_PLATFORM_BIT)
#define V1		(1ull << VDMA_F_VERSION_1_BIT)

/* Properties of the tree and of its only function */
struct machine {
	uint32_t device;
	bool announced, ddw, noncoherent, memory_unknown, iommu_off;
	unsigned int tag_cells;		/* 0: not tagged */
	unsigned int window_shift;	/* of a window that Linux made, or 0 */
};

static void put_function(const struct machine *m)
{
	static const uint32_t tag[] = { TAG_CELLS };

	begin_function(1, 0x1af4, m->device, 0);
	if (m->tag_cells)
		put_cells(VDMA_PROP_NAME, tag, m->tag_cells);
	if (m->noncoherent)
		string("dma-noncoherent", "");
	if (m->window_shift)
		cells("linux,direct64-ddr-window-info", 1, 0, 0x100, 0, 16,
		      m->window_shift);
	end();
}

static void read_machine(const struct machine *m, struct vdma_dt *dt,
			 struct vdma_dt_function *fn)
{
	static struct vdma_dt_cursor c;

	begin_tree();
	if (!m->memory_unknown) {
		begin("memory@0");
		string("device_type", "memory");
		cells("reg", 0, 0, 0, MEMORY);
		end();
	}
	if (m->announced) {
		begin("rtas");
		string("ibm,hypertas-functions", VDMA_HYPERTAS_NAME);
		end();
	}
	if (m->iommu_off) {
		begin("chosen");
		string("linux,iommu-off", "");
		end();
	}
	begin_phb(0);
	if (m->ddw)
		cells("ibm,ddw-applicable", 1, 2, 3);
	put_function(m);
	end();
	only_function(dt, &c, fn);
}

struct result {
	struct vdma_facts facts;
	enum vdma_dt_source source[VDMA_DT_FACT_COUNT];
};

static struct result machine_facts(const struct machine *m,
				   const struct vdma_dt_assume *assume)
{
	struct vdma_dt_function fn;
	struct vdma_facts alone;
	struct vdma_dt dt;
	struct result r;

	read_machine(m, &dt, &fn);
	memset(&r, 0xa5, sizeof(r));
	vdma_dt_facts(&dt, &fn, assume, &r.facts, r.source);

	/* Without @source the facts are the same. */
	memset(&alone, 0x5a, sizeof(alone));
	vdma_dt_facts(&dt, &fn, assume, &alone, NULL);
	assert_true(alone.features == r.facts.features);
	assert_true(alone.dma_mask == r.facts.dma_mask);
	assert_true(alone.live == r.facts.live);
	return r;
}

/* Features follow from the identifier and the tag. */
static void features(void **state)
{
	static const struct {
		struct machine machine;
		uint64_t features;
		enum vdma_dt_source f, v1;
	} cases[] = {
		{ { .device = 0x1042 }, V1, VDMA_DT_DEFAULT, VDMA_DT_TREE },
		{ { .device = 0x1042, .tag_cells = 5 }, F | V1,
		  VDMA_DT_TREE, VDMA_DT_TREE },
		{ { .device = 0x1042, .tag_cells = 4 }, F | V1,
		  VDMA_DT_TREE, VDMA_DT_TREE },
		{ { .device = 0x1001 }, V1, VDMA_DT_TREE, VDMA_DT_DEFAULT },
		{ { .device = 0x1001, .tag_cells = 5 }, F | V1,
		  VDMA_DT_TREE, VDMA_DT_DEFAULT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result r = machine_facts(&cases[i].machine, NULL);

		assert_true(r.facts.features == cases[i].features);
		assert_int_equal(r.source[VDMA_DT_F], cases[i].f);
		assert_int_equal(r.source[VDMA_DT_V1], cases[i].v1);
	}
}

/* The hypervisor grants the tag's window if the tree announces the call. */
static void answer(void **state)
{
	struct machine m = { .device = 0x1042, .tag_cells = 5 };
	struct result r = machine_facts(&m, NULL);

	(void)state;
	assert_int_equal(r.facts.property, VDMA_PROPERTY_VALID);
	assert_true(r.facts.property_window.base == TAG_BASE);
	assert_true(r.facts.property_window.size == TAG_SIZE);
	assert_int_equal(r.facts.answer, VDMA_ANSWER_MISSING);
	assert_int_equal(r.source[VDMA_DT_HCALL], VDMA_DT_TREE);

	m.announced = true;
	r = machine_facts(&m, NULL);
	assert_int_equal(r.facts.answer, VDMA_ANSWER_GRANTED);
	assert_true(r.facts.answer_window.base == TAG_BASE);
	assert_true(r.facts.answer_window.size == TAG_SIZE);
	assert_int_equal(r.source[VDMA_DT_HCALL], VDMA_DT_DEFAULT);

	/* Without a valid tag nothing is granted. */
	m.tag_cells = 4;
	r = machine_facts(&m, NULL);
	assert_int_equal(r.facts.property, VDMA_PROPERTY_MALFORMED);
	assert_true(r.facts.answer_window.size == 0);
}

/* A window in the tree, or else the usual one, is compared with memory. */
static void dynamic_windows(void **state)
{
	static const struct {
		struct machine machine;
		enum vdma_ddw ddw;
		struct vdma_window window;
		enum vdma_dt_source source;
	} cases[] = {
		{ { .window_shift = 30 }, VDMA_DDW_ABSENT, { 0, 0 },
		  VDMA_DT_TREE },
		{ { .ddw = true }, VDMA_DDW_COVERS, { USUAL_DDW, MEMORY },
		  VDMA_DT_DEFAULT },
		{ { .ddw = true, .window_shift = 30 }, VDMA_DDW_COVERS,
		  { 0x10000000000, 1 << 30 }, VDMA_DT_TREE },
		{ { .ddw = true, .window_shift = 29 }, VDMA_DDW_TOO_SMALL,
		  { 0x10000000000, 1 << 29 }, VDMA_DT_TREE },
		{ { .ddw = true, .window_shift = 63, .memory_unknown = true },
		  VDMA_DDW_TOO_SMALL, { 0x10000000000, 1ull << 63 },
		  VDMA_DT_TREE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result r = machine_facts(&cases[i].machine, NULL);

		assert_int_equal(r.facts.ddw, cases[i].ddw);
		assert_int_equal(r.source[VDMA_DT_DDW], cases[i].source);
		assert_true(r.facts.ddw_window.base == cases[i].window.base);
		assert_true(r.facts.ddw_window.size == cases[i].window.size);
	}
}

/* No window covers memory whose end is unknown. */
static void no_window_covers_the_unknown(void **state)
{
	const struct machine m = {
		.device = 0x1042, .announced = true, .ddw = true,
		.tag_cells = 5, .memory_unknown = true,
	};
	struct result r = machine_facts(&m, NULL);
	struct vdma_decision d;

	(void)state;
	assert_true(r.facts.memory_end == UINT64_MAX);
	vdma_decide(&r.facts, &d);
	assert_int_equal(d.mode, VDMA_MODE_TCE);
	assert_int_equal(d.passed_over[VDMA_MODE_BYPASS],
			 VDMA_REASON_WINDOW_TOO_SMALL);
	assert_int_equal(d.passed_over[VDMA_MODE_IDENTITY],
			 VDMA_REASON_DDW_TOO_SMALL);
}

/* Facts that no tree contains; coherence; and iommu=off */
static void the_rest(void **state)
{
	static const enum vdma_dt_fact unsaid[] = {
		VDMA_DT_MASK, VDMA_DT_SECURE, VDMA_DT_QUIRK, VDMA_DT_POOL,
		VDMA_DT_MODE, VDMA_DT_LIVE,
	};
	struct machine m = { .device = 0x1042 };
	struct result r = machine_facts(&m, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(unsaid); i++)
		assert_int_equal(r.source[unsaid[i]], VDMA_DT_DEFAULT);
	assert_true(r.facts.dma_mask == UINT64_MAX);
	assert_false(r.facts.secure);
	assert_true(r.facts.secure_quirk && r.facts.pool);
	assert_int_equal(r.facts.request, VDMA_MODE_AUTO);
	assert_int_equal(r.facts.live, VDMA_MODE_AUTO);

	assert_true(r.facts.coherent);
	assert_int_equal(r.source[VDMA_DT_COHERENT], VDMA_DT_TREE);
	m.noncoherent = true;
	r = machine_facts(&m, NULL);
	assert_false(r.facts.coherent);
	assert_int_equal(r.source[VDMA_DT_COHERENT], VDMA_DT_TREE);

	assert_false(r.facts.iommu_off);
	assert_int_equal(r.source[VDMA_DT_IOMMU_OFF], VDMA_DT_TREE);
	m.iommu_off = true;
	r = machine_facts(&m, NULL);
	assert_true(r.facts.iommu_off);
}

/* Facts that differ from the tree's and from the defaults */
static const struct machine contrary = {
	.device = 0x1042, .announced = true, .ddw = true, .tag_cells = 5,
};

static const struct vdma_facts assumed = {
	.dma_mask = 0xffff,
	.answer = VDMA_ANSWER_REFUSED,
	.ddw = VDMA_DDW_TOO_SMALL,
	.iommu_off = true,
	.secure = true,
	.request = VDMA_MODE_TCE,
	.live = VDMA_MODE_BOUNCE,
};

/* Bit mask of the facts that are as the caller assumed */
static uint32_t assumed_in(const struct vdma_facts *f)
{
	const bool is[VDMA_DT_FACT_COUNT] = {
		[VDMA_DT_F] = !(f->features & F),
		[VDMA_DT_V1] = !(f->features & V1),
		[VDMA_DT_HCALL] = f->answer == VDMA_ANSWER_REFUSED,
		[VDMA_DT_DDW] = f->ddw == VDMA_DDW_TOO_SMALL,
		[VDMA_DT_MASK] = f->dma_mask == 0xffff,
		[VDMA_DT_COHERENT] = !f->coherent,
		[VDMA_DT_IOMMU_OFF] = f->iommu_off,
		[VDMA_DT_SECURE] = f->secure,
		[VDMA_DT_QUIRK] = !f->secure_quirk,
		[VDMA_DT_POOL] = !f->pool,
		[VDMA_DT_MODE] = f->request == VDMA_MODE_TCE,
		[VDMA_DT_LIVE] = f->live == VDMA_MODE_BOUNCE,
	};
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < VDMA_DT_FACT_COUNT; i++)
		bits |= (uint32_t)is[i] << i;
	return bits;
}

/* For each set of facts, the caller's assumptions prevail, and are its source. */
static void given(void **state)
{
	struct vdma_dt_assume assume = { .facts = assumed };
	uint32_t set;

	(void)state;
	for (set = 0; set < 1u << VDMA_DT_FACT_COUNT; set++) {
		struct result r;
		unsigned int i;

		assume.given = set;
		r = machine_facts(&contrary, &assume);
		assert_int_equal(assumed_in(&r.facts), set);
		for (i = 0; i < VDMA_DT_FACT_COUNT; i++)
			assert_int_equal(r.source[i] == VDMA_DT_GIVEN,
					 set >> i & 1);
	}
}

/* A given window of size 0 stands for the usual window. */
static void given_windows(void **state)
{
	struct vdma_dt_assume assume = {
		.given = 1u << VDMA_DT_HCALL | 1u << VDMA_DT_DDW |
			 1u << VDMA_DT_F | 1u << VDMA_DT_V1,
		.facts = {
			.features = F | V1,
			.answer = VDMA_ANSWER_GRANTED,
			.ddw = VDMA_DDW_COVERS,
		},
	};
	struct machine m = { .device = 0x1042, .tag_cells = 5 };
	struct result r = machine_facts(&m, &assume);

	(void)state;
	assert_true(r.facts.features == (F | V1));
	assert_true(r.facts.answer_window.base == TAG_BASE);
	assert_true(r.facts.answer_window.size == TAG_SIZE);
	assert_true(r.facts.ddw_window.base == USUAL_DDW);
	assert_true(r.facts.ddw_window.size == MEMORY);

	assume.facts.answer_window = (struct vdma_window){ 1, 2 };
	assume.facts.ddw_window = (struct vdma_window){ 3, 4 };
	r = machine_facts(&m, &assume);
	assert_true(r.facts.answer_window.base == 1);
	assert_true(r.facts.answer_window.size == 2);
	assert_true(r.facts.ddw_window.base == 3);
	assert_true(r.facts.ddw_window.size == 4);
}

/* Each fact has a key of its own and a text. */
static void words(void **state)
{
	const enum vdma_dt_fact none[] = {
		VDMA_DT_FACT_COUNT, (enum vdma_dt_fact)-1
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < VDMA_DT_FACT_COUNT; i++) {
		const char *key = vdma_dt_fact_key((enum vdma_dt_fact)i);

		assert_true(strlen(key) > 0);
		assert_true(strlen(vdma_dt_fact_text((enum vdma_dt_fact)i)) > 2);
		for (j = 0; j < i; j++)
			assert_string_not_equal(key,
				vdma_dt_fact_key((enum vdma_dt_fact)j));
	}
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		assert_string_equal(vdma_dt_fact_key(none[i]), "?");
		assert_string_equal(vdma_dt_fact_text(none[i]), "?");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features),
		cmocka_unit_test(answer),
		cmocka_unit_test(dynamic_windows),
		cmocka_unit_test(no_window_covers_the_unknown),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(given),
		cmocka_unit_test(given_windows),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("dt_facts", tests, NULL, NULL);
}
