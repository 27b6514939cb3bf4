// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: dynamic windows are created as LoPAR 7.3.28 says, with the largest page size
 * that fits, and no window is left after a failure. A fake RTAS checks each call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/ddw.h>
#include <vdma/error.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BUID		0x800000020000001ull
#define CONFIG_ADDR	0x010800
#define LIOBN		0x80000001u
#define BASE		0x0800000000000000ull
#define GIB		(1ull << 30)

struct fake {
	uint32_t windows, pages_hi, pages, sizes;
	uint64_t base;
	bool wide;
	int32_t query_status, create_status;
	/* calls that succeeded */
	unsigned int made, removed, reset;
	uint32_t page_shift, window_shift;
	uint64_t entered, fail_at;
	bool fail_clear;
};

static void check_pe(const uint32_t *in)
{
	assert_int_equal(in[0], CONFIG_ADDR);
	assert_int_equal(in[1], BUID >> 32);
	assert_int_equal(in[2], BUID & 0xffffffff);
}

static int32_t query(struct fake *f, uint32_t *out, unsigned int n_out)
{
	unsigned int i = 1;

	assert_int_equal(n_out, f->wide ? 6 : 5);
	out[i++] = f->windows;
	if (f->wide)
		out[i++] = f->pages_hi;
	out[i++] = f->pages;
	out[i++] = f->sizes;
	out[i] = 0xffffffff;
	return f->query_status;
}

static int32_t rtas_call(void *ctx, uint32_t token, const uint32_t *in,
			 unsigned int n_in, uint32_t *out, unsigned int n_out)
{
	struct fake *f = ctx;

	switch (token) {
	case 0x2026:
		assert_int_equal(n_in, 3);
		check_pe(in);
		return query(f, out, n_out);
	case 0x2027:
		assert_int_equal(n_in, 5);
		assert_int_equal(n_out, 4);
		check_pe(in);
		f->page_shift = in[3];
		f->window_shift = in[4];
		f->made += !f->create_status;
		out[1] = LIOBN;
		out[2] = (uint32_t)(f->base >> 32);
		out[3] = (uint32_t)f->base;
		return f->create_status;
	case 0x2028:
		assert_int_equal(n_in, 1);
		assert_int_equal(n_out, 1);
		assert_int_equal(in[0], LIOBN);
		f->removed++;
		return 0;
	case 0x2029:
		assert_int_equal(n_in, 3);
		assert_int_equal(n_out, 1);
		check_pe(in);
		f->reset++;
		return 0;
	default:
		fail_msg("unexpected token %x", token);
		return -1;
	}
}

static int64_t hcall(void *ctx, struct vdma_hcall *h)
{
	struct fake *f = ctx;

	assert_int_equal(h->in[0], LIOBN);
	if (h->opcode == 0x138)
		return f->fail_clear ? -1 : 0;
	assert_int_equal(h->opcode, 0x20);
	if (f->fail_at && f->entered + 1 == f->fail_at)
		return -1;
	/* entry N maps page N of memory, both ways */
	assert_int_equal(h->in[1], f->base + (f->entered << f->page_shift));
	assert_int_equal(h->in[2], f->entered << f->page_shift | 3);
	f->entered++;
	return 0;
}

static const struct vdma_function fn = { BUID, CONFIG_ADDR };

static struct vdma_rtas fake_rtas(struct fake *f)
{
	return (struct vdma_rtas){
		.call = rtas_call, .ctx = f, .query = 0x2026, .create = 0x2027,
		.remove = 0x2028, .reset = 0x2029, .wide = f->wide,
	};
}

static int identity(struct fake *f, uint64_t memory_end,
		    struct vdma_tce_window *window)
{
	struct vdma_hv_ops hv = { hcall, f };
	struct vdma_rtas rtas = fake_rtas(f);

	*window = (struct vdma_tce_window){ .hv = &hv };
	return vdma_ddw_identity(&rtas, &fn, memory_end, window);
}

/* Each bit of an answer is its page size. */
static void every_page_size(void **state)
{
	static const struct {
		uint32_t bit;
		uint8_t shift;
	} sizes[] = {
		{ 0x1, 12 }, { 0x2, 16 }, { 0x4, 24 }, { 0x8, 25 }, { 0x10, 26 },
		{ 0x20, 27 }, { 0x40, 28 }, { 0x80, 34 }, { 0x100, 21 },
	};
	struct vdma_ddw_offer offer;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fake f = { .windows = 1, .pages = 77,
				  .sizes = sizes[i].bit };
		struct vdma_rtas rtas = fake_rtas(&f);

		assert_int_equal(vdma_ddw_query(&rtas, &fn, &offer), VDMA_OK);
		assert_int_equal(offer.windows, 1);
		assert_int_equal(offer.pages, 77);
		assert_int_equal(offer.page_sizes, 1ull << sizes[i].shift);
	}
}

/* The longer form of the answer is read whole; without a token nothing is asked. */
static void wide_answer(void **state)
{
	struct fake f = { .wide = true, .pages_hi = 3, .pages = 5,
			  .sizes = 0x3 };
	struct vdma_rtas rtas = fake_rtas(&f);
	struct vdma_ddw_offer offer;

	(void)state;
	assert_int_equal(vdma_ddw_query(&rtas, &fn, &offer), VDMA_OK);
	assert_int_equal(offer.pages, 3ull << 32 | 5);
	assert_int_equal(offer.page_sizes, 0x11000);
	rtas.query = 0;
	assert_int_equal(vdma_ddw_query(&rtas, &fn, &offer),
			 VDMA_E_UNSUPPORTED);
}

/* The window has the largest page size that divides memory and fits. */
static void best_page_size(void **state)
{
	static const struct {
		uint32_t sizes, pages;
		uint64_t memory;
		uint8_t shift, window_shift;
		int error;
	} cases[] = {
		/* QEMU's: 4K, 64K, 16M, and 2M */
		{ 0x107, 0xffffffff, 4 * GIB, 24, 32, VDMA_OK },
		{ 0x107, 0xffffffff, 3 * GIB, 24, 32, VDMA_OK },
		{ 0x107, 0xffffffff, GIB + 0x200000, 21, 31, VDMA_OK },
		{ 0x1c7, 0xffffffff, 32 * GIB, 34, 35, VDMA_OK },
		/* 16 M pages are enough, 64 K pages would be too many */
		{ 0x007, 256, 4 * GIB, 24, 32, VDMA_OK },
		{ 0x007, 255, 4 * GIB, 0, 0, VDMA_E_RANGE },
		{ 0x004, 0xffffffff, GIB + 0x10000, 0, 0, VDMA_E_RANGE },
		{ 0x000, 0xffffffff, GIB, 0, 0, VDMA_E_RANGE },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake f = { .windows = 1, .pages = cases[i].pages,
				  .sizes = cases[i].sizes, .base = BASE };
		struct vdma_tce_window window;

		assert_int_equal(identity(&f, cases[i].memory, &window),
				 cases[i].error);
		assert_int_equal(f.made, !cases[i].error);
		if (cases[i].error)
			continue;
		assert_int_equal(f.page_shift, cases[i].shift);
		assert_int_equal(f.window_shift, cases[i].window_shift);
		assert_int_equal(f.entered, cases[i].memory >> f.page_shift);
		assert_int_equal(window.liobn, LIOBN);
		assert_int_equal(window.base, BASE);
	}
}

/* A failure at any step leaves no window. */
static void nothing_left_behind(void **state)
{
	struct fake none = { .pages = -1u, .sizes = 0x107 };
	struct fake mute = { .windows = 1, .query_status = -1 };
	struct fake fails = { .windows = 1, .pages = -1u, .sizes = 0x104,
			      .create_status = -1 };
	struct fake odd = { .windows = 1, .pages = -1u, .sizes = 0x104,
			    .base = BASE + 0x1000 };
	struct fake wraps = { .windows = 1, .pages = -1u, .sizes = 0x104,
			      .base = 0xffffffffff000000ull };
	struct vdma_tce_window window;
	uint64_t n;

	(void)state;
	assert_int_equal(identity(&none, GIB, &window), VDMA_E_NO_SPACE);
	assert_int_equal(identity(&mute, GIB, &window), VDMA_E_RTAS);
	assert_int_equal(identity(&fails, GIB, &window), VDMA_E_RTAS);
	assert_int_equal(fails.removed, 0);
	assert_int_equal(identity(&odd, GIB, &window), VDMA_E_DISAGREES);
	assert_int_equal(odd.removed, 1);
	assert_int_equal(identity(&wraps, GIB, &window), VDMA_E_DISAGREES);
	assert_int_equal(wraps.removed, 1);
	for (n = 1; n <= 64; n++) {
		struct fake f = { .windows = 1, .pages = -1u, .sizes = 0x4,
				  .base = BASE, .fail_at = n,
				  .fail_clear = n & 1 };

		assert_int_equal(identity(&f, GIB, &window), n & 1 ?
				 VDMA_E_TCE_STUCK : VDMA_E_TCE);
		assert_int_equal(f.made, 1);
		assert_int_equal(f.removed, 1);
	}
}

/* Reset makes its call, if RTAS has it. */
static void reset(void **state)
{
	struct fake f = { .windows = 1 };
	struct vdma_rtas rtas = fake_rtas(&f);

	(void)state;
	assert_int_equal(vdma_ddw_reset(&rtas, &fn), VDMA_OK);
	assert_int_equal(f.reset, 1);
	rtas.reset = 0;
	assert_int_equal(vdma_ddw_reset(&rtas, &fn), VDMA_E_UNSUPPORTED);
	assert_int_equal(f.reset, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_size),
		cmocka_unit_test(wide_answer),
		cmocka_unit_test(best_page_size),
		cmocka_unit_test(nothing_left_behind),
		cmocka_unit_test(reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
