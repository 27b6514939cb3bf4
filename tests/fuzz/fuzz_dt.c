// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opens and walks any bytes as a device tree, collects the facts of each function and
 * decides. The walk must find what a second reader finds, and no decision may send DMA to
 * a wrong address.
 */
#include "fuzz.h"

/* No assumptions for 0, so that QEMU's trees are also tested unchanged. */
static void assume_anything(struct vdma_dt_assume *assume, uint64_t state,
			    const struct vdma_dt_function *fn)
{
	const struct vdma_window windows[] = {
		{ 0, 0 }, fn->property_window, { 1ull << 59, 1ull << 40 },
		{ 1ull << 60, 1ull << 31 }, { 0x1234, 5 },
	};
	const uint64_t masks[] = { UINT64_MAX, UINT32_MAX, 0, 1ull << 60 };
	struct vdma_facts *f = &assume->facts;

	*assume = (struct vdma_dt_assume){ 0 };
	if (!state)
		return;
	assume->given = (uint32_t)next_number(&state);
	f->features = next_number(&state);
	f->answer = next_number(&state) % 3;
	f->answer_window = windows[next_number(&state) % ARRAY_SIZE(windows)];
	f->ddw = next_number(&state) % 3;
	f->ddw_window = windows[next_number(&state) % ARRAY_SIZE(windows)];
	f->dma_mask = masks[next_number(&state) % ARRAY_SIZE(masks)];
	f->coherent = next_number(&state) & 1;
	f->iommu_off = next_number(&state) & 1;
	f->secure = next_number(&state) & 1;
	f->secure_quirk = next_number(&state) & 1;
	f->pool = next_number(&state) & 1;
	f->request = next_number(&state) % (VDMA_MODE_COUNT + 1);
	f->live = next_number(&state) % (VDMA_MODE_COUNT + 1);
}

/* Conditions for each mode, whatever was requested */
static void check_safety(const struct vdma_facts *f, enum vdma_mode mode)
{
	const struct vdma_window *w = &f->answer_window;

	if (f->secure)
		HOLDS(mode == VDMA_MODE_BOUNCE || mode == VDMA_MODE_REFUSE);
	if (mode == VDMA_MODE_BOUNCE)
		HOLDS(f->pool);
	if (f->iommu_off && vdma_facts_access_platform(f))
		HOLDS(mode == VDMA_MODE_BYPASS || mode == VDMA_MODE_REFUSE);
	if (mode == VDMA_MODE_DIRECT)
		HOLDS(!vdma_facts_access_platform(f));
	if (mode == VDMA_MODE_BYPASS || mode == VDMA_MODE_IDENTITY ||
	    mode == VDMA_MODE_TCE)
		HOLDS(vdma_facts_access_platform(f));
	if (mode == VDMA_MODE_BYPASS) {
		HOLDS(f->property == VDMA_PROPERTY_VALID);
		HOLDS(f->answer == VDMA_ANSWER_GRANTED);
		HOLDS(vdma_window_equal(&f->property_window, w));
		HOLDS(vdma_window_valid(w) && w->size >= f->memory_end);
		HOLDS(f->coherent && w->base + (w->size - 1) <= f->dma_mask);
	}
	if (mode == VDMA_MODE_IDENTITY) {
		HOLDS(f->ddw == VDMA_DDW_COVERS);
		HOLDS(f->ddw_window.size >= f->memory_end);
		HOLDS(f->ddw_window.base + (f->ddw_window.size - 1) <=
		      f->dma_mask);
	}
}

static void check_decision(const struct vdma_facts *f)
{
	char text[VDMA_PASSED_OVER_MAX];
	struct vdma_decision d;
	unsigned int mode;
	size_t len;

	vdma_decide(f, &d);
	HOLDS(d.mode < VDMA_MODE_COUNT);
	HOLDS(d.reason > VDMA_REASON_NONE && d.reason < VDMA_REASON_COUNT);
	HOLDS(d.row <= 11 && !d.row == (f->live != VDMA_MODE_AUTO));
	if (f->live == VDMA_MODE_AUTO)
		check_safety(f, d.mode);
	else
		HOLDS(d.mode == f->live);
	for (mode = 0; mode < VDMA_MODE_COUNT; mode++) {
		HOLDS(d.passed_over[mode] < VDMA_REASON_COUNT);
		if (d.passed_over[mode] != VDMA_REASON_NONE)
			HOLDS(mode < d.mode || d.passed_over[mode] ==
					       VDMA_REASON_ALREADY_BOUND);
	}
	len = vdma_passed_over_text(&d, text, sizeof(text));
	HOLDS(len && len < sizeof(text) && len == strlen(text));
}

static void check_facts(const struct vdma_dt *dt,
			const struct vdma_dt_function *fn, uint64_t number)
{
	enum vdma_dt_source source[VDMA_DT_FACT_COUNT];
	struct vdma_dt_assume assume;
	struct vdma_facts facts, again;
	unsigned int i;

	assume_anything(&assume, number, fn);
	memset(&facts, 0xa5, sizeof(facts));
	memset(source, 0xa5, sizeof(source));
	vdma_dt_facts(dt, fn, &assume, &facts, source);
	for (i = 0; i < VDMA_DT_FACT_COUNT; i++) {
		HOLDS(source[i] <= VDMA_DT_GIVEN);
		HOLDS((source[i] == VDMA_DT_GIVEN) == (assume.given >> i & 1));
	}
	HOLDS(facts.property == fn->property);
	HOLDS(facts.memory_end == dt->memory_end);
	check_decision(&facts);

	vdma_dt_facts(dt, fn, NULL, &again, NULL);
	HOLDS(again.request == VDMA_MODE_AUTO && again.live == VDMA_MODE_AUTO);
	check_decision(&again);
}

static void check_function(const struct vdma_dt_function *fn)
{
	HOLDS(fn->path[0] == '/');
	HOLDS(memchr(fn->path, 0, VDMA_DT_PATH_MAX));
	HOLDS(!(fn->config_addr & ~VDMA_CONFIG_ADDR_MASK));
	HOLDS((fn->property == VDMA_PROPERTY_VALID) ==
	      vdma_window_valid(&fn->property_window));
	HOLDS(fn->virtio || !fn->transitional);
}

static void walk(const struct vdma_dt *dt)
{
	uint64_t number = tree_number(dt->fdt);
	struct vdma_dt_cursor cursor;
	struct vdma_dt_function fn;
	struct second second;
	size_t count = 0;
	int got;

	second_read(&second, dt);
	memset(&cursor, 0xa5, sizeof(cursor));
	vdma_dt_start(&cursor, dt);
	while ((got = vdma_dt_next(&cursor, &fn)) == 1) {
		check_function(&fn);
		HOLDS(count < second.count);
		HOLDS(fn.node == second.fn[count].node);
		HOLDS(same_function(&fn, &second.fn[count]));
		check_facts(dt, &fn, number ? number + count : 0);
		count++;
	}
	HOLDS(count == second.count && got == second.end);
	second_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fence fence;
	struct vdma_dt dt;
	uint8_t *fdt;
	int error;

	if (size > INPUT_MAX)
		return 0;
	fdt = fenced(&fence, size);
	memcpy(fdt, data, size);
	memset(&dt, 0xa5, sizeof(dt));
	error = vdma_dt_open(&dt, fdt, size);
	HOLDS(!error || error == VDMA_E_NO_TREE || error == VDMA_E_BAD_TREE);
	if (!error) {
		HOLDS(dt.fdt == fdt && dt.memory_end);
		walk(&dt);
	}
	HOLDS(!memcmp(fdt, data, size));
	return 0;
}
