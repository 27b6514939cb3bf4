// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: only a well-formed "qemu,dma-bypass" is accepted, at any alignment, and nothing
 * beyond its bytes is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/window.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BASE	0x1000000000000000ull
#define SIZE	0x80000000ull

/* 0xf010, 1 << 60, 2 GiB, as in the device tree */
static const uint8_t good[20] = {
	0x00, 0x00, 0xf0, 0x10,
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00,
};

/* Reads from a heap block of exactly @len bytes, so that the sanitizer checks it. */
static enum vdma_property read_copy(const uint8_t *bytes, size_t len,
				    size_t misalign, struct vdma_window *w)
{
	uint8_t *block = malloc(len + misalign + !len);
	enum vdma_property property;

	assert_non_null(block);
	if (len)
		memcpy(block + misalign, bytes, len);
	memset(w, 0xa5, sizeof(*w));
	property = vdma_property_read(block + misalign, len, w);
	free(block);
	return property;
}

/* A correct property is valid at any alignment. */
static void valid(void **state)
{
	struct vdma_window w;
	size_t misalign;

	(void)state;
	for (misalign = 0; misalign < 4; misalign++) {
		assert_int_equal(read_copy(good, sizeof(good), misalign, &w),
				 VDMA_PROPERTY_VALID);
		assert_true(w.base == BASE && w.size == SIZE);
	}
}

/* No property is absent, and gives no window. */
static void absent(void **state)
{
	struct vdma_window w = { 1, 1 };

	(void)state;
	assert_int_equal(vdma_property_read(NULL, 0, &w),
			 VDMA_PROPERTY_ABSENT);
	assert_true(w.base == 0 && w.size == 0);
}

/* Any length other than five cells */
static void wrong_length(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct vdma_window w;
	size_t len;

	(void)state;
	memcpy(bytes, good, sizeof(good));
	for (len = 0; len <= sizeof(bytes); len++) {
		if (len == sizeof(good))
			continue;
		assert_int_equal(read_copy(bytes, len, 0, &w),
				 VDMA_PROPERTY_MALFORMED);
		assert_true(w.base == 0 && w.size == 0);
	}
}

/* Each wrong field makes it malformed. */
static void wrong_bytes(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} cases[] = {
		{ "another hypercall", 3, 0x11 },
		{ "another hypercall, high byte", 0, 0x80 },
		{ "base not aligned to 64 KiB", 10, 0x80 },
		{ "base not aligned, lowest bit", 11, 0x01 },
		{ "size 0", 16, 0x00 },
	};
	uint8_t bytes[sizeof(good)];
	struct vdma_window w;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(bytes, good, sizeof(good));
		bytes[cases[i].at] = cases[i].byte;
		if (read_copy(bytes, sizeof(bytes), 0, &w) !=
		    VDMA_PROPERTY_MALFORMED)
			fail_msg("taken: %s", cases[i].what);
		assert_true(w.base == 0 && w.size == 0);
	}
}

/* A window is aligned, not empty, and does not wrap; the mask must reach its end. */
static void windows(void **state)
{
	static const struct {
		struct vdma_window window;
		bool valid;
		uint64_t mask_reaching;
	} cases[] = {
		{ { 0, 1 }, true, 0 },
		{ { BASE, SIZE }, true, BASE + SIZE - 1 },
		{ { 0, ~0ull }, true, ~0ull - 1 },
		{ { 0xffffffffffff0000ull, 0x10000 }, true, ~0ull },
		{ { 0xffffffffffff0000ull, 0x10001 }, false, 0 },
		{ { BASE, 0 }, false, 0 },
		{ { 0x8000, SIZE }, false, 0 },
		{ { BASE, ~0ull }, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vdma_window *w = &cases[i].window;
		uint64_t mask = cases[i].mask_reaching;

		assert_int_equal(vdma_window_valid(w), cases[i].valid);
		if (!cases[i].valid)
			continue;
		assert_true(vdma_window_reached(w, mask));
		if (mask)
			assert_false(vdma_window_reached(w, mask - 1));
	}
}

/* Windows are equal if base and size are. */
static void equality(void **state)
{
	const struct vdma_window a = { BASE, SIZE };
	struct vdma_window b = a;

	(void)state;
	assert_true(vdma_window_equal(&a, &b));
	b.size++;
	assert_false(vdma_window_equal(&a, &b));
	b = a;
	b.base++;
	assert_false(vdma_window_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid),
		cmocka_unit_test(absent),
		cmocka_unit_test(wrong_length),
		cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(windows),
		cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
