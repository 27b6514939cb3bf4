// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Promise: data is copied once, in the mapping's direction, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_fixture.h"

/* The device reads: copied in, never out. */
static void to_device(void **state)
{
	struct fixture *f = set_up();
	struct vdma_bounce_counts counts;
	unsigned char *at;
	uint64_t dma;

	(void)state;
	memset(buffer(f, 100), 0x11, 5000);
	assert_int_equal(map(f, 100, 5000, DMA_OUT, &dma), VDMA_OK);
	at = vm_device(f->vm, dma, 5000);
	assert_true(all_are(at, 5000, 0x11));
	memset(at, 0x22, 5000);
	vdma_domain_sync_for_cpu(&f->b.domain, dma, 5000, DMA_OUT);
	assert_int_equal(unmap(f, dma, 5000, DMA_OUT), VDMA_OK);
	assert_true(all_are(buffer(f, 100), 5000, 0x11));
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.in, 5000);
	assert_int_equal(counts.out, 0);
	tear_down(f);
}

/* The device writes: copied out, never in. */
static void from_device(void **state)
{
	struct fixture *f = set_up();
	struct vdma_bounce_counts counts;
	unsigned char *at;
	uint64_t dma;

	(void)state;
	memset(buffer(f, 100), 0x11, 5002);
	assert_int_equal(map(f, 101, 5000, DMA_IN, &dma), VDMA_OK);
	at = vm_device(f->vm, dma, 5000);
	/* it sees neither the buffer's old content nor a status of success */
	assert_null(memchr(at, 0x11, 5000));
	assert_null(memchr(at, 0, 5000));
	memset(at, 0x22, 5000);
	vdma_domain_sync_for_device(&f->b.domain, dma, 5000, DMA_IN);
	assert_int_equal(unmap(f, dma, 5000, DMA_IN), VDMA_OK);
	assert_true(all_are(buffer(f, 101), 5000, 0x22));
	assert_int_equal(*buffer(f, 100), 0x11);
	assert_int_equal(*buffer(f, 5101), 0x11);
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.in, 0);
	assert_int_equal(counts.out, 5000);
	tear_down(f);
}

/* A bidirectional buffer is copied in, whatever the flags, and out. */
static void both_ways(void **state)
{
	struct fixture *f = set_up();
	unsigned char *at;
	uint64_t dma;

	(void)state;
	memset(buffer(f, 0), 0x11, 600);
	/* a bidirectional buffer is copied in even with NO_COPY, since it is copied out */
	assert_int_equal(vdma_bounce_map(&f->b, VM_PHYS, 600, DMA_BOTH,
					 VDMA_BOUNCE_NO_COPY, 0, &dma), VDMA_OK);
	at = vm_device(f->vm, dma, 600);
	assert_true(all_are(at, 600, 0x11));
	at[300] = 0x22;
	assert_int_equal(unmap(f, dma, 600, DMA_BOTH), VDMA_OK);
	assert_true(all_are(buffer(f, 0), 300, 0x11));
	assert_int_equal(*buffer(f, 300), 0x22);
	assert_true(all_are(buffer(f, 301), 299, 0x11));
	tear_down(f);
}

/* With VDMA_BOUNCE_NO_COPY only sync copies. */
static void no_copy(void **state)
{
	struct fixture *f = set_up();
	struct vdma_bounce_counts counts;
	uint64_t dma;

	(void)state;
	memset(buffer(f, 0), 0x11, 4096);
	assert_int_equal(vdma_bounce_map(&f->b, VM_PHYS, 4096, DMA_OUT,
					 VDMA_BOUNCE_NO_COPY, 0, &dma), VDMA_OK);
	vdma_domain_sync_for_device(&f->b.domain, dma + 100, 50, DMA_OUT);
	assert_true(all_are(vm_device(f->vm, dma, 4096), 100, 0));
	assert_true(all_are(vm_device(f->vm, dma + 100, 50), 50, 0x11));
	assert_true(all_are(vm_device(f->vm, dma + 150, 1), 1, 0));
	assert_int_equal(unmap(f, dma, 4096, DMA_OUT), VDMA_OK);
	assert_int_equal(map(f, 0, 4096, DMA_IN, &dma), VDMA_OK);
	memset(vm_device(f->vm, dma, 4096), 0x33, 4096);
	assert_int_equal(vdma_bounce_unmap(&f->b, dma, 4096, DMA_IN,
					   VDMA_BOUNCE_NO_COPY, 0), VDMA_OK);
	assert_true(all_are(buffer(f, 0), 4096, 0x11));
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.in, 50);
	assert_int_equal(counts.out, 0);
	tear_down(f);
}

/*
 * The device writes the first @wrote bytes of @len, in a slot with stale data of another
 * buffer: they arrive. Except for up to 15 bytes after them, the rest of the buffer is
 * cleared in a secure guest, and unchanged in others.
 */
static void partial_write(struct fixture *f, uint32_t len, uint32_t wrote)
{
	int rest = vdma_secure_on(&f->vm->secure) ? 0 : 0x11;
	uint32_t same = wrote / 8 * 8 + 16;
	uint64_t dma;

	/* stale data, which must not be copied out anywhere */
	memset(buffer(f, 0), 0x77, len);
	assert_int_equal(map(f, 0, len, DMA_OUT, &dma), VDMA_OK);
	assert_int_equal(unmap(f, dma, len, DMA_OUT), VDMA_OK);

	memset(buffer(f, 0), 0x11, len + 1);
	assert_int_equal(map(f, 0, len, DMA_IN, &dma), VDMA_OK);
	memset(vm_device(f->vm, dma, len), 0x22, wrote);
	assert_int_equal(unmap(f, dma, len, DMA_IN), VDMA_OK);
	assert_true(all_are(buffer(f, 0), wrote, 0x22));
	assert_null(memchr(buffer(f, 0), 0x77, len));
	if (same < len)
		assert_true(all_are(buffer(f, same), len - same, rest));
	assert_int_equal(*buffer(f, len), 0x11);
}

/*
 * The device happens to write bytes that equal the poison: up to 8 of them arrive, more
 * are too unlikely.
 */
static void written_by_chance(void **state)
{
	struct fixture *f = set_up();
	unsigned char wrote[32];
	uint32_t n;
	uint64_t dma;

	(void)state;
	for (n = 0; n <= 24; n++) {
		memset(buffer(f, 0), 0x11, 512);
		assert_int_equal(map(f, 0, 512, DMA_IN, &dma), VDMA_OK);
		/* all but the last 7 bytes differ from the poison */
		memset(vm_device(f->vm, dma, 512), 0x22, n > 7 ? n - 7 : 0);
		memcpy(wrote, vm_device(f->vm, dma, 32), 32);
		assert_int_equal(unmap(f, dma, 512, DMA_IN), VDMA_OK);
		assert_memory_equal(buffer(f, 0), wrote, n);
	}
	tear_down(f);
}

static void partial_writes_in(bool secure)
{
	static const uint32_t lens[] = { 1, 7, 8, 9, 16, 63, 64, 200, 513, 1526,
					 4096, 70001 };
	struct fixture *f = set_up_vm(secure, false, VDMA_BOUNCE_SIZE);
	struct vdma_bounce_counts before, after;
	uint32_t wrote;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (wrote = 0; wrote <= lens[i] && wrote < 40; wrote++) {
			partial_write(f, lens[i], wrote);
			partial_write(f, lens[i], lens[i] - wrote);
		}
		partial_write(f, lens[i], lens[i] / 2);
	}
	/* counted as cleared, not as copied */
	vdma_bounce_count(&f->b, &before);
	partial_write(f, 65536, 1500);
	vdma_bounce_count(&f->b, &after);
	assert_int_equal(after.out - before.out, 1504 + 8);
	assert_int_equal(after.cleared - before.cleared,
			 secure ? 65536 - 1504 - 8 : 0);
	partial_write(f, 65536, 65536);
	vdma_bounce_count(&f->b, &before);
	assert_int_equal(before.cleared, after.cleared);
	tear_down(f);
}

/* In a secure VM bytes that the device left unwritten are cleared. */
static void partial_writes(void **state)
{
	(void)state;
	partial_writes_in(true);
}

/* In other VMs they stay as they were. */
static void partial_writes_not_secure(void **state)
{
	(void)state;
	partial_writes_in(false);
}

/* A device writes 42 bytes but claims 1400, and the driver sends the buffer back. */
static void no_stale_data_goes_back(void **state)
{
	struct fixture *f = set_up();
	unsigned char *at;
	uint64_t dma;

	(void)state;
	memset(buffer(f, 3), 0x5e, 1400);
	assert_int_equal(map(f, 3, 1400, DMA_IN, &dma), VDMA_OK);
	memset(vm_device(f->vm, dma, 42), 0x22, 42);
	vdma_domain_sync_for_cpu(&f->b.domain, dma, 1400, DMA_IN);
	assert_null(memchr(buffer(f, 3), 0x5e, 1400));
	assert_int_equal(unmap(f, dma, 1400, DMA_IN), VDMA_OK);
	assert_int_equal(map(f, 3, 1400, DMA_OUT, &dma), VDMA_OK);
	at = vm_device(f->vm, dma, 1400);
	assert_true(all_are(at, 42, 0x22));
	assert_null(memchr(at, 0x5e, 1400));
	assert_int_equal(unmap(f, dma, 1400, DMA_OUT), VDMA_OK);
	tear_down(f);
}

/* A single byte arrives, wherever it is written. */
static void written_anywhere(void **state)
{
	struct fixture *f = set_up();
	uint32_t at;
	uint64_t dma;

	(void)state;
	for (at = 0; at < 200; at++) {
		unsigned char *byte, wrote;

		assert_int_equal(map(f, 0, 200, DMA_IN, &dma), VDMA_OK);
		byte = vm_device(f->vm, dma + at, 1);
		wrote = (unsigned char)~*byte;
		*byte = wrote;
		assert_int_equal(unmap(f, dma, 200, DMA_IN), VDMA_OK);
		assert_int_equal(*buffer(f, at), wrote);
	}
	tear_down(f);
}

/* Several buffers in one mapping, each synchronized by itself */
static void partial_syncs(void **state)
{
	struct fixture *f = set_up();
	uint64_t dma;

	(void)state;
	memset(buffer(f, 0), 0x11, 32768);
	assert_int_equal(map(f, 0, 32768, DMA_IN, &dma), VDMA_OK);
	memset(vm_device(f->vm, dma + 8192, 100), 0x22, 100);
	vdma_domain_sync_for_cpu(&f->b.domain, dma + 8192, 1536, DMA_IN);
	assert_true(all_are(buffer(f, 0), 8192, 0x11));
	assert_true(all_are(buffer(f, 8192), 100, 0x22));
	assert_true(all_are(buffer(f, 8192 + 112), 1536 - 112, 0));
	assert_true(all_are(buffer(f, 8192 + 1536), 24464 - 1424, 0x11));
	/* nothing was written here: only the range that is synchronized changes */
	vdma_domain_sync_for_cpu(&f->b.domain, dma + 3, 90, DMA_IN);
	assert_true(all_are(buffer(f, 0), 3, 0x11));
	assert_true(all_are(buffer(f, 8), 85, 0));
	assert_true(all_are(buffer(f, 93), 8192 - 93, 0x11));
	/* beyond the end, and no mapping at all: ignored */
	vdma_domain_sync_for_cpu(&f->b.domain, dma + 32768 - 8, 9, DMA_IN);
	vdma_domain_sync_for_cpu(&f->b.domain, dma - 64, 64, DMA_IN);
	vdma_domain_sync_for_cpu(&f->b.domain, 0, 64, DMA_IN);
	assert_true(all_are(buffer(f, 32768), 64, 0));
	assert_int_equal(vdma_bounce_unmap(&f->b, dma, 32768, DMA_IN,
					   VDMA_BOUNCE_NO_COPY, 0), VDMA_OK);
	vdma_domain_sync_for_cpu(&f->b.domain, dma, 64, DMA_IN);
	tear_down(f);
}

/* Only an exact mapping can be unmapped, once. */
static void wrong_unmaps(void **state)
{
	struct fixture *f = set_up();
	struct vdma_memory mem;
	uint64_t dma;

	(void)state;
	assert_int_equal(map(f, 0, 5000, DMA_IN, &dma), VDMA_OK);
	assert_int_equal(unmap(f, dma + 64, 5000, DMA_IN), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma + 1, 5000, DMA_IN), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma, 4999, DMA_IN), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma, 5000, DMA_OUT), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma, 5000, DMA_BOTH), VDMA_E_INVALID);
	assert_int_equal(unmap(f, 0, 5000, DMA_IN), VDMA_E_INVALID);
	assert_int_equal(unmap(f, dma, 5000, DMA_IN), VDMA_OK);
	assert_int_equal(unmap(f, dma, 5000, DMA_IN), VDMA_E_INVALID);
	/* coherent memory is not a mapping, and is not freed twice */
	assert_int_equal(vdma_domain_alloc(&f->b.domain, 4096, &mem), VDMA_OK);
	assert_int_equal(unmap(f, mem.dma, mem.len, DMA_BOTH), VDMA_E_INVALID);
	f->b.domain.ops->free(&f->b.domain, &mem);
	f->b.domain.ops->free(&f->b.domain, &mem);
	tear_down(f);
}

/* Coherent memory is zeroed, aligned, seen by both sides, and never copied. */
static void allocations(void **state)
{
	struct fixture *f = set_up();
	struct vdma_bounce_counts counts;
	struct vdma_memory mem, other;
	uint64_t dma, align;

	(void)state;
	/* its old content is gone */
	memset(buffer(f, 0), 0x11, 65536);
	map(f, 0, 65536, DMA_OUT, &dma);
	unmap(f, dma, 65536, DMA_OUT);
	assert_int_equal(vdma_domain_alloc(&f->b.domain, 65536, &mem), VDMA_OK);
	assert_true(all_are(mem.cpu, 65536, 0));
	assert_ptr_equal(mem.cpu, vm_device(f->vm, mem.dma, mem.len));
	assert_ptr_equal(mem.cpu, vm_at(f->vm, mem.phys));
	assert_int_equal(vdma_domain_alloc(&f->b.domain, 1, &other), VDMA_OK);
	assert_int_equal(other.len, 4096);
	/* the CPU and the device see the same: nothing to synchronize */
	memset(mem.cpu, 0x22, 65536);
	vdma_domain_sync_for_device(&f->b.domain, mem.dma, 64, DMA_BOTH);
	vdma_domain_sync_for_cpu(&f->b.domain, mem.dma, 64, DMA_BOTH);
	assert_true(all_are(mem.cpu, 65536, 0x22));
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.in, 65536);
	assert_int_equal(counts.out, 0);
	vdma_domain_free(&f->b.domain, &mem);
	vdma_domain_free(&f->b.domain, &other);

	for (align = 4096; align <= MIB; align *= 2) {
		vdma_domain_alloc(&f->b.domain, 1, &other);
		assert_int_equal(vdma_bounce_alloc(&f->b, 10000, align, &mem),
				 VDMA_OK);
		assert_int_equal((mem.dma | mem.phys) & (align - 1), 0);
		vdma_domain_free(&f->b.domain, &mem);
		vdma_domain_free(&f->b.domain, &other);
	}
	assert_int_equal(vdma_bounce_alloc(&f->b, 1, 2048, &mem),
			 VDMA_E_INVALID);
	/* stricter than the pool's own alignment, and larger than the pool */
	assert_int_equal(vdma_bounce_alloc(&f->b, 1, 2 * MIB, &mem),
			 VDMA_E_RANGE);
	assert_int_equal(vdma_bounce_alloc(&f->b, 1, 1ull << 63, &mem),
			 VDMA_E_RANGE);
	assert_int_equal(vdma_bounce_alloc(&f->b, 1, 12288, &mem),
			 VDMA_E_INVALID);
	assert_int_equal(vdma_bounce_alloc(&f->b, 0, 4096, &mem),
			 VDMA_E_INVALID);
	assert_int_equal(vdma_bounce_alloc(&f->b, 4 * MIB, 4096, &mem),
			 VDMA_E_RANGE);
	assert_int_equal(vdma_bounce_alloc(&f->b, 3 * MIB, 4096, &mem),
			 VDMA_E_NO_SPACE);
	assert_int_equal(f->b.full, 1);
	tear_down(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_device),
		cmocka_unit_test(from_device),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(no_copy),
		cmocka_unit_test(partial_writes),
		cmocka_unit_test(partial_writes_not_secure),
		cmocka_unit_test(no_stale_data_goes_back),
		cmocka_unit_test(written_anywhere),
		cmocka_unit_test(written_by_chance),
		cmocka_unit_test(partial_syncs),
		cmocka_unit_test(wrong_unmaps),
		cmocka_unit_test(allocations),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
