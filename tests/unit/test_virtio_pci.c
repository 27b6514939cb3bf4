// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: the common configuration is found in any capability list that PCI allows, and
 * a broken list is an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/error.h>
#include <vdma/virtio_pci.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct space {
	uint8_t byte[256];
	unsigned int reads;
};

static uint8_t read8(void *ctx, uint8_t offset)
{
	struct space *s = ctx;

	s->reads++;
	return s->byte[offset];
}

static uint32_t read32(void *ctx, uint8_t offset)
{
	struct space *s = ctx;

	assert_int_equal(offset & 3, 0);
	s->reads++;
	return s->byte[offset] | (uint32_t)s->byte[offset + 1] << 8 |
	       (uint32_t)s->byte[offset + 2] << 16 |
	       (uint32_t)s->byte[offset + 3] << 24;
}

static void put32(struct space *s, uint8_t at, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		s->byte[at + i] = value >> 8 * i;
}

static void put_cap(struct space *s, uint8_t at, uint8_t next, uint8_t type,
		    uint8_t bar, uint32_t offset, uint32_t length)
{
	s->byte[at] = 0x09;
	s->byte[at + 1] = next;
	s->byte[at + 2] = 16;
	s->byte[at + 3] = type;
	s->byte[at + 4] = bar;
	put32(s, at + 8, offset);
	put32(s, at + 12, length);
}

/* QEMU's layout: MSI-X, then the five virtio structures */
static struct space typical(void)
{
	struct space s = { .byte = { [0x06] = 0x10, [0x34] = 0x98 } };

	s.byte[0x98] = 0x11;
	s.byte[0x99] = 0x84;
	put_cap(&s, 0x84, 0x70, 5, 0, 0, 0);
	put_cap(&s, 0x70, 0x60, 2, 4, 0x3000, 0x1000);
	put_cap(&s, 0x60, 0x50, 4, 4, 0x2000, 0x1000);
	put_cap(&s, 0x50, 0x40, 3, 4, 0x1000, 0x1000);
	put_cap(&s, 0x40, 0x00, 1, 4, 0x0000, 0x1000);
	put32(&s, 0x10 + 4 * 4, 0x0000000c);
	return s;
}

static int find(struct space *s, struct vdma_region *region)
{
	const struct vdma_config_space config = { read8, read32, s };

	memset(region, 0xa5, sizeof(*region));
	return vdma_find_common_cfg(&config, region);
}

/* The usual list has the common configuration. */
static void found(void **state)
{
	struct space s = typical();
	struct vdma_region region;

	(void)state;
	assert_int_equal(find(&s, &region), VDMA_OK);
	assert_int_equal(region.bar, 4);
	assert_int_equal(region.offset, 0);
	assert_int_equal(region.length, 0x1000);
}

/* Each row breaks one thing in the typical list. */
static void spoiled(void **state)
{
	static const struct {
		const char *what;
		uint8_t at, byte;
		int error;
	} cases[] = {
		{ "no list", 0x06, 0x00, VDMA_E_NO_COMMON_CFG },
		{ "empty list", 0x34, 0x00, VDMA_E_NO_COMMON_CFG },
		{ "list cut short", 0x99, 0x00, VDMA_E_NO_COMMON_CFG },
		{ "loop of all", 0x51, 0x98, VDMA_E_BAD_CAPS },
		{ "loop of one", 0x85, 0x84, VDMA_E_BAD_CAPS },
		{ "pointer into the header", 0x71, 0x10, VDMA_E_BAD_CAPS },
		{ "first pointer into the header", 0x34, 0x3c,
		  VDMA_E_BAD_CAPS },
		{ "another capability ID", 0x40, 0x10, VDMA_E_NO_COMMON_CFG },
		{ "another structure type", 0x43, 9, VDMA_E_NO_COMMON_CFG },
		{ "reserved BAR 6", 0x44, 6, VDMA_E_NO_COMMON_CFG },
		{ "reserved BAR 255", 0x44, 255, VDMA_E_NO_COMMON_CFG },
		{ "I/O BAR", 0x20, 0x01, VDMA_E_NO_COMMON_CFG },
		{ "offset not aligned", 0x48, 0x02, VDMA_E_NO_COMMON_CFG },
		{ "too short", 0x4d, 0x00, VDMA_E_NO_COMMON_CFG },
		{ "capability across the end", 0x99, 0xf4,
		  VDMA_E_NO_COMMON_CFG },
	};
	struct vdma_region region;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct space s = typical();
		int error;

		s.byte[cases[i].at] = cases[i].byte;
		/* Its length wraps to offset 0, which only the check of its end detects. */
		s.byte[0xf4] = 0x09;
		s.byte[0xf7] = 1;
		s.byte[0xf8] = 4;
		s.byte[0x01] = 0x10;
		error = find(&s, &region);
		if (error != cases[i].error)
			fail_msg("%s: %d", cases[i].what, error);
		assert_true(s.reads < 48 * 8 + 8);
	}
}

/* A structure that wraps is not found. */
static void region_must_not_wrap(void **state)
{
	struct space s = typical();
	struct vdma_region region;

	(void)state;
	put_cap(&s, 0x40, 0, 1, 4, 0xfffffffc, 0x1000);
	assert_int_equal(find(&s, &region), VDMA_E_NO_COMMON_CFG);
}

/* Virtio 1.2, 4.1.4: of several structures, the first usable one counts. */
static void first_usable(void **state)
{
	struct space s = typical();
	struct vdma_region region;

	(void)state;
	put_cap(&s, 0x60, 0x50, 1, 6, 0x2000, 0x1000);
	put_cap(&s, 0x50, 0x40, 1, 2, 0x1000, 0x1000);
	assert_int_equal(find(&s, &region), VDMA_OK);
	assert_int_equal(region.bar, 2);
	assert_int_equal(region.offset, 0x1000);
}

/* Vendor and device identifiers tell virtio functions. */
static void identifiers(void **state)
{
	static const struct {
		uint16_t vendor, device;
		bool virtio;
	} cases[] = {
		{ 0x1af4, 0x0fff, false }, { 0x1af4, 0x1000, true },
		{ 0x1af4, 0x103f, true },  { 0x1af4, 0x1040, true },
		{ 0x1af4, 0x107f, true },  { 0x1af4, 0x1080, false },
		{ 0x1af4, 0x1100, false }, { 0x8086, 0x1001, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(vdma_is_virtio(cases[i].vendor,
						cases[i].device),
				 cases[i].virtio);
}

struct device {
	uint32_t select, word[2];
};

static uint32_t cfg_read32(void *ctx, uint32_t offset)
{
	struct device *dev = ctx;

	if (offset == 0)
		return dev->select;
	assert_int_equal(offset, 4);
	return dev->select < 2 ? dev->word[dev->select] : 0;
}

static void cfg_write32(void *ctx, uint32_t offset, uint32_t value)
{
	struct device *dev = ctx;

	assert_int_equal(offset, 0);
	dev->select = value;
}

/* Both words are read, and the selector is restored. */
static void features(void **state)
{
	struct device dev = { 7, { 0x30000002, 0x00000103 } };
	struct vdma_common_cfg cfg = { cfg_read32, cfg_write32, &dev };

	(void)state;
	assert_true(vdma_read_features(&cfg) == 0x0000010330000002ull);
	assert_int_equal(dev.select, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(spoiled),
		cmocka_unit_test(region_must_not_wrap),
		cmocka_unit_test(first_usable),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(features),
	};

	return cmocka_run_group_tests_name("virtio_pci", tests, NULL, NULL);
}
