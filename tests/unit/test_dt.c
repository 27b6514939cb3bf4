// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: vdma_dt_open() and vdma_dt_next() find every PCI function of a pseries tree and
 * nothing else, and accept any bytes.
 */
#include "dt_tree.h"

/* A tree with all kinds of nodes */
static size_t build_machine(void)
{
	begin_tree();
	begin("memory@0");
	string("device_type", "memory");
	cells("reg", 0, 0, 0, 0x40000000);
	end();
	begin("rtas");
	string("ibm,hypertas-functions", "hcall-pft\0" VDMA_HYPERTAS_NAME);
	end();
	begin("chosen");
	string("bootargs", "quiet disable_ddw");
	end();
	begin_phb(0);
	begin_disk(1);
	cells(VDMA_PROP_NAME, TAG_CELLS);
	end();
	begin_bridge(2);
	begin_disk(3);
	end();
	end();
	end();
	return end_tree();
}

/* Opens and walks a block of @size bytes; returns the result. */
static int read_block(const uint8_t *block, size_t size)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	size_t steps = 0;
	int status = vdma_dt_open(&dt, block, size);

	if (status != VDMA_OK)
		return status;
	vdma_dt_start(&c, &dt);
	do {
		status = vdma_dt_next(&c, &fn);
		assert_true(status <= 0 || strlen(fn.path) < VDMA_DT_PATH_MAX);
		assert_true(steps++ < size);
	} while (status > 0);
	/* A damaged tree was not opened. */
	assert_int_not_equal(status, VDMA_E_BAD_TREE);
	return status;
}

/* A tree cut at any length is an error. */
static void cut_at_every_length(void **state)
{
	size_t size = build_machine();
	size_t len;

	(void)state;
	assert_int_equal(read_block(dt_blob, size), 0);
	for (len = 0; len < size; len++) {
		uint8_t *block = malloc(len + !len);

		assert_non_null(block);
		memcpy(block, dt_blob, len);
		assert_int_equal(read_block(block, len),
				 len < sizeof(struct fdt_header) ?
				 VDMA_E_NO_TREE : VDMA_E_BAD_TREE);
		free(block);
	}
}

/* A change of any byte causes no fault, though perhaps no error either. */
static void every_byte_damaged(void **state)
{
	static const uint8_t spoil[] = { 0x01, 0x80, 0xff };
	size_t size = build_machine();
	unsigned int ends[3] = { 0 };
	uint8_t *block = malloc(size);
	size_t i, j;

	(void)state;
	assert_non_null(block);
	for (i = 0; i < size; i++) {
		for (j = 0; j < ARRAY_SIZE(spoil); j++) {
			int status;

			memcpy(block, dt_blob, size);
			block[i] ^= spoil[j];
			status = read_block(block, size);
			if (i < 4)
				assert_int_equal(status, VDMA_E_NO_TREE);
			ends[status == VDMA_E_NO_TREE ? 0 :
			     status == VDMA_E_BAD_TREE ? 1 : 2]++;
		}
	}
	free(block);
	assert_int_equal(ends[0], 4 * ARRAY_SIZE(spoil));
	assert_true(ends[1] > 0 && ends[2] > 0);
}

/* A tree at an address that is not a multiple of 8 is an error. */
static void misaligned(void **state)
{
	size_t size = build_machine();
	struct vdma_dt dt;

	(void)state;
	memmove(dt_blob + 4, dt_blob, size);
	assert_int_equal(vdma_dt_open(&dt, dt_blob + 4, size), VDMA_E_BAD_TREE);
}

/* After the end there is nothing more. */
static void nothing_to_find(void **state)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	int i;

	(void)state;
	begin_tree();
	begin("pci@1");
	begin_disk(1);
	end();
	end();
	start_walk(&dt, &c);
	for (i = 0; i < 3; i++)
		assert_int_equal(vdma_dt_next(&c, &fn), 0);
}

/* Functions come in the order of the tree, with path, BUID, domain and address. */
static void functions_in_order(void **state)
{
	static const struct {
		const char *path;
		uint64_t buid;
		uint32_t domain;
		uint32_t config_addr;
	} expected[] = {
		{ "/pci@800000020000000/dev@1", 0x800000020000000ull, 0,
		  0x000800 },
		{ "/pci@800000020000000/dev@2/dev@3/dev@4",
		  0x800000020000000ull, 0, 0x002000 },
		{ "/pci@800000020000000/dev@2/dev@3/dev@5",
		  0x800000020000000ull, 0, 0x002800 },
		{ "/pci@800000020000000/dev@6", 0x800000020000000ull, 0,
		  0x003000 },
		{ "/pci@800000020000003/dev@1f", 0x800000020000003ull, 3,
		  0x00f800 },
	};
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	unsigned int slot;
	size_t i;

	(void)state;
	begin_tree();
	begin_phb(0);
	begin_disk(1);
	end();
	begin_bridge(2);
	begin_bridge(3);
	for (slot = 4; slot < 6; slot++) {
		begin_disk(slot);
		end();
	}
	end();
	end();
	begin_disk(6);
	end();
	end();
	begin_phb(3);
	begin_disk(0x1f);
	end();
	end();
	start_walk(&dt, &c);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(vdma_dt_next(&c, &fn), 1);
		assert_string_equal(fn.path, expected[i].path);
		assert_true(fn.buid == expected[i].buid);
		assert_int_equal(fn.domain, expected[i].domain);
		assert_true(fn.addressed);
		assert_int_equal(fn.config_addr, expected[i].config_addr);
		assert_true(fn.virtio && !fn.transitional);
		assert_int_equal(fn.property, VDMA_PROPERTY_ABSENT);
	}
	assert_int_equal(vdma_dt_next(&c, &fn), 0);
}

/* Linux keeps 16 bits of a unit address; "reg" has bus, slot and function. */
static void addresses(void **state)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;

	(void)state;
	begin_tree();
	begin("pci@1234567890abcdef");
	string("compatible", "pciex\0IBM,Logical_PHB");
	cells("reg", 0x12345678, 0x90abcdef);
	begin("scsi");
	cells("vendor-id", 0x1af4);
	cells("device-id", 0x1042);
	cells("reg", 0x81fffdff, 0, 0, 0, 0);
	end();
	end();
	only_function(&dt, &c, &fn);
	assert_true(fn.buid == 0x1234567890abcdefull);
	assert_int_equal(fn.domain, 0xcdef);
	assert_true(fn.addressed);
	assert_int_equal(fn.config_addr, 0xfffd00);
}

/* Vendor and device identifiers tell virtio, and transitional, functions. */
static void identifiers(void **state)
{
	static const struct {
		uint32_t vendor, device;
		bool virtio, transitional;
	} cases[] = {
		{ 0x1af4, 0x0fff, false, false },
		{ 0x1af4, 0x1000, true, true },
		{ 0x1af4, 0x103f, true, true },
		{ 0x1af4, 0x1040, true, false },
		{ 0x1af4, 0x107f, true, false },
		{ 0x1af4, 0x1080, false, false },
		{ 0x1af5, 0x1042, false, false },
		{ 0x1b36, 0x1000, false, false },
	};
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_tree();
		begin_phb(0);
		begin_function(1, cases[i].vendor, cases[i].device, 0);
		end();
		end();
		only_function(&dt, &c, &fn);
		assert_int_equal(fn.vendor, cases[i].vendor);
		assert_int_equal(fn.device, cases[i].device);
		assert_int_equal(fn.virtio, cases[i].virtio);
		assert_int_equal(fn.transitional, cases[i].transitional);
	}
}

/* Walks a PHB with one node whose "vendor-id" and "reg" have this many bytes. */
static int read_node(size_t vendor, size_t reg, struct vdma_dt_function *fn)
{
	static const uint8_t address[24] = { 0, 0, 0x08, 0 };
	static const uint8_t id[8] = { 0, 0, 0x1a, 0xf4 };
	static struct vdma_dt_cursor c;
	struct vdma_dt dt;

	begin_tree();
	begin_phb(0);
	begin("scsi@1");
	bytes("vendor-id", id, vendor);
	cells("device-id", 0x1042);
	bytes("reg", address, reg);
	end();
	end();
	start_walk(&dt, &c);
	return vdma_dt_next(&c, fn);
}

/* A node with a short identifier is not a function; one without "reg" is. */
static void short_properties(void **state)
{
	struct vdma_dt_function fn;
	size_t len;

	(void)state;
	for (len = 0; len < 4; len++)
		assert_int_equal(read_node(len, 20, &fn), 0);
	for (len = 0; len <= 24; len++) {
		assert_int_equal(read_node(4, len, &fn), 1);
		assert_int_equal(fn.addressed, len >= 20);
		assert_int_equal(fn.config_addr, len >= 20 ? 0x800 : 0);
	}
}

/* A wider identifier is not one of virtio's. */
static void identifier_of_more_than_16_bits(void **state)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;

	(void)state;
	begin_tree();
	begin_phb(0);
	begin_function(1, 0x11af4, 0x1042, 0);
	end();
	begin_function(2, 0x1af4, 0x11042, 0);
	end();
	end();
	start_walk(&dt, &c);
	assert_int_equal(vdma_dt_next(&c, &fn), 0);
}

/* Only a property of the right length is valid. */
static void property(void **state)
{
	static const uint32_t cell[] = { TAG_CELLS, 0 };
	struct vdma_dt_function fn;
	struct vdma_dt_cursor c;
	struct vdma_dt dt;
	size_t count;

	(void)state;
	for (count = 0; count <= ARRAY_SIZE(cell); count++) {
		bool valid = count == VDMA_PROP_CELLS;

		begin_tree();
		begin_phb(0);
		begin_disk(1);
		put_cells(VDMA_PROP_NAME, cell, count);
		end();
		end();
		only_function(&dt, &c, &fn);
		assert_int_equal(fn.property, valid ? VDMA_PROPERTY_VALID :
						      VDMA_PROPERTY_MALFORMED);
		assert_true(fn.property_window.base == (valid ? TAG_BASE : 0));
		assert_true(fn.property_window.size == (valid ? TAG_SIZE : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_length),
		cmocka_unit_test(every_byte_damaged),
		cmocka_unit_test(misaligned),
		cmocka_unit_test(nothing_to_find),
		cmocka_unit_test(functions_in_order),
		cmocka_unit_test(addresses),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(short_properties),
		cmocka_unit_test(identifier_of_more_than_16_bits),
		cmocka_unit_test(property),
	};

	return cmocka_run_group_tests_name("dt", tests, NULL, NULL);
}
