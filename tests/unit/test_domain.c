// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: in direct, bypass and identity, a DMA address is the physical address plus the
 * window's base, up to the last byte of memory; refuse maps nothing; and sync calls the
 * mode's own functions, if any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/domain.h>
#include <vdma/error.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define END		0x180000000ull
#define BASE		0x1000000000000000ull

static unsigned int pages_out;

static int get_pages(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	uint64_t *phys = ctx;

	if (len > 0x100000)
		return VDMA_E_NO_MEMORY;
	mem->cpu = &pages_out;
	mem->phys = *phys;
	mem->len = len;
	pages_out++;
	return VDMA_OK;
}

static void put_pages(void *ctx, const struct vdma_memory *mem)
{
	(void)ctx;
	assert_true(mem->len > 0);
	pages_out--;
}

static uint64_t next_phys = 0x10000;
static const struct vdma_pages pages = { get_pages, put_pages, &next_phys };

static void use(struct vdma_domain *d, enum vdma_mode mode, uint64_t base)
{
	static const struct {
		uint64_t phys, len;
		int error;
	} cases[] = {
		{ 0, 1, VDMA_OK },
		{ 0, END, VDMA_OK },
		{ END - 1, 1, VDMA_OK },
		{ 0x12345678, 0x1000, VDMA_OK },
		{ 0, 0, VDMA_E_RANGE },
		{ 0, END + 1, VDMA_E_RANGE },
		{ END, 1, VDMA_E_RANGE },
		{ END - 1, 2, VDMA_E_RANGE },
		{ ~0ull, 2, VDMA_E_RANGE },
		{ ~0ull, 1, VDMA_E_RANGE },
	};
	struct vdma_memory mem;
	unsigned int i;
	uint64_t dma;

	assert_int_equal(d->mode, mode);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		dma = 7;
		assert_int_equal(vdma_domain_map(d, cases[i].phys, cases[i].len,
						 VDMA_TO_DEVICE, &dma),
				 cases[i].error);
		assert_true(dma == (cases[i].error ? 7 : base + cases[i].phys));
		if (!cases[i].error)
			assert_int_equal(vdma_domain_unmap(d, dma, cases[i].len,
							   VDMA_TO_DEVICE),
					 VDMA_OK);
	}
	assert_int_equal(vdma_domain_unmap(d, base + END, 1, VDMA_TO_DEVICE),
			 VDMA_E_INVALID);
	assert_int_equal(vdma_domain_unmap(d, base - 1, 1, VDMA_TO_DEVICE),
			 VDMA_E_INVALID);

	assert_int_equal(vdma_domain_alloc(d, 5000, &mem), VDMA_OK);
	assert_int_equal(pages_out, 1);
	assert_true(mem.dma == base + mem.phys);
	vdma_domain_free(d, &mem);
	assert_int_equal(pages_out, 0);
	/* a second free does nothing */
	vdma_domain_free(d, &mem);
	assert_int_equal(pages_out, 0);
	assert_int_equal(vdma_domain_alloc(d, 0x200000, &mem),
			 VDMA_E_NO_MEMORY);
	assert_int_equal(mem.len, 0);
	/* memory out of the device's reach is freed at once */
	next_phys = END;
	assert_int_equal(vdma_domain_alloc(d, 5000, &mem), VDMA_E_RANGE);
	assert_int_equal(pages_out, 0);
	next_phys = 0x10000;
}

/* The three linear modes differ in their base only. */
static void linear(void **state)
{
	const struct vdma_window window = { BASE, END + 0x10000 };
	const struct vdma_window exact = { BASE / 2, END };
	struct vdma_domain d;

	(void)state;
	vdma_domain_direct(&d, &pages, END);
	use(&d, VDMA_MODE_DIRECT, 0);
	assert_int_equal(vdma_domain_bypass(&d, &pages, &window, END), VDMA_OK);
	use(&d, VDMA_MODE_BYPASS, BASE);
	assert_int_equal(vdma_domain_identity(&d, &pages, &exact, END),
			 VDMA_OK);
	use(&d, VDMA_MODE_IDENTITY, BASE / 2);
}

/* A window that is too small, unaligned or wraps is refused. */
static void windows_that_do_not_fit(void **state)
{
	static const struct vdma_window windows[] = {
		{ BASE, END - 1 }, { BASE, 0 }, { BASE + 1, END },
		{ 0xffffffffffff0000ull, END },
	};
	struct vdma_domain d;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		assert_int_equal(vdma_domain_bypass(&d, &pages, &windows[i],
						    END), VDMA_E_RANGE);
		assert_int_equal(vdma_domain_identity(&d, &pages, &windows[i],
						      END), VDMA_E_RANGE);
	}
}

/* Mode refuse maps and allocates nothing. */
static void refuse(void **state)
{
	struct vdma_domain d;
	struct vdma_memory mem;
	uint64_t dma;

	(void)state;
	vdma_domain_refuse(&d);
	assert_int_equal(d.mode, VDMA_MODE_REFUSE);
	assert_int_equal(vdma_domain_map(&d, 0, 1, VDMA_TO_DEVICE, &dma),
			 VDMA_E_REFUSED_MODE);
	assert_int_equal(vdma_domain_alloc(&d, 1, &mem), VDMA_E_REFUSED_MODE);
	assert_int_equal(vdma_domain_unmap(&d, 0, 1, VDMA_TO_DEVICE),
			 VDMA_E_INVALID);
}

static unsigned int synced;

static void sync(struct vdma_domain *domain, uint64_t dma, uint64_t len,
		 enum vdma_dir dir)
{
	(void)domain;
	assert_int_equal(dma, 0x1000);
	assert_int_equal(len, 4);
	assert_int_equal(dir, VDMA_FROM_DEVICE);
	synced++;
}

/* Sync calls the mode's function, if any. */
static void synchronised(void **state)
{
	static const struct vdma_domain_ops ops = {
		.sync_for_device = sync,
		.sync_for_cpu = sync,
	};
	struct vdma_domain d;

	(void)state;
	vdma_domain_direct(&d, &pages, END);
	vdma_domain_sync_for_cpu(&d, 0x1000, 4, VDMA_FROM_DEVICE);
	assert_int_equal(synced, 0);
	d.ops = &ops;
	vdma_domain_sync_for_cpu(&d, 0x1000, 4, VDMA_FROM_DEVICE);
	vdma_domain_sync_for_device(&d, 0x1000, 4, VDMA_FROM_DEVICE);
	assert_int_equal(synced, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear),
		cmocka_unit_test(windows_that_do_not_fit),
		cmocka_unit_test(refuse),
		cmocka_unit_test(synchronised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
