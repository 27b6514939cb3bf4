// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: over any order of map, unmap, sync and alloc, in a pool that is full half of
 * the time, each byte is right: those that the device sees, those that arrive, those that
 * stay unchanged and those that are cleared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_fixture.h"

#define STEPS		3000000
#define SLOTS		150
#define REGION		(80 * KIB)
#define POOL		(256 * KIB)
#define GUARD		8

/*
 * A mapping. @now: content of its buffer; @wrote: how far the device has written, for
 * mappings that it only writes
 */
struct mapping {
	bool live;
	struct vdma_memory mem;
	uint64_t dma;
	uint32_t len, wrote;
	enum vdma_dir dir;
	unsigned char *buffer;
	uint64_t offset;
	unsigned char now[REGION];
};

static struct mapping mappings[SLOTS];
static uint64_t in, out, full;

static void scribble(struct vm *vm, unsigned char *p, uint32_t len)
{
	uint64_t word;

	for (; len >= 8; len -= 8, p += 8) {
		word = vm_random(vm);
		memcpy(p, &word, 8);
	}
	while (len--)
		*p++ = (unsigned char)vm_random(vm);
}

static uint32_t random_len(struct vm *vm)
{
	uint32_t r = vm_pick(vm, 1000);

	return 1 + vm_pick(vm, r < 500 ? 64 : r < 700 ? 600 : r < 950 ? 2500 :
			   r < 995 ? 9000 : 70000);
}

static void begin(struct fixture *f, struct mapping *m)
{
	struct vm *vm = f->vm;
	int error;

	m->offset = (uint64_t)(m - mappings) * REGION + GUARD + vm_pick(vm, 99);
	m->buffer = buffer(f, m->offset);
	m->len = random_len(vm);
	m->dir = (enum vdma_dir)(1 + vm_pick(vm, 3));
	m->wrote = 0;
	scribble(vm, m->buffer - GUARD, m->len + 2 * GUARD);
	memcpy(m->now, m->buffer - GUARD, m->len + 2 * GUARD);
	error = map(f, m->offset, m->len, m->dir, &m->dma);
	if (error) {
		assert_int_equal(error, VDMA_E_NO_SPACE);
		full++;
		return;
	}
	m->live = true;
	if (m->dir & DMA_OUT) {
		in += m->len;
		assert_memory_equal(vm_device(vm, m->dma, m->len), m->buffer,
				    m->len);
	}
}

/* A device that may only write a buffer writes it from its start. */
static void device_writes(struct fixture *f, struct mapping *m)
{
	unsigned char *at = vm_device(f->vm, m->dma, m->len);
	uint32_t from = 0, to = vm_pick(f->vm, m->len + 1);

	if (!(m->dir & DMA_IN))
		return;
	if (m->dir == DMA_BOTH)
		from = vm_pick(f->vm, to + 1);
	scribble(f->vm, at + from, to - from);
	memcpy(m->now + GUARD + from, at + from, to - from);
	if (to > m->wrote)
		m->wrote = to;
}

/* The CPU changes a part and synchronizes it for the device. */
static void cpu_writes(struct fixture *f, struct mapping *m)
{
	uint32_t to = 1 + vm_pick(f->vm, m->len), from = vm_pick(f->vm, to);

	if (m->dir != DMA_OUT)
		return;
	scribble(f->vm, m->buffer + from, to - from);
	memcpy(m->now + GUARD + from, m->buffer + from, to - from);
	vdma_domain_sync_for_device(&f->b.domain, m->dma + from, to - from,
				    m->dir);
	in += to - from;
	assert_memory_equal(vm_device(f->vm, m->dma, m->len), m->now + GUARD,
			    m->len);
}

/*
 * Up to 15 bytes after those that the device wrote may be anything. In a secure guest the
 * rest is cleared.
 */
static void check(const struct fixture *f, struct mapping *m)
{
	uint32_t same = m->wrote / 8 * 8 + 16;

	if (m->dir != DMA_IN)
		same = m->wrote;
	if (same > m->len)
		same = m->len;
	if (m->dir == DMA_IN && vdma_secure_on(&f->vm->secure))
		memset(m->now + GUARD + same, 0, m->len - same);
	assert_memory_equal(m->buffer - GUARD, m->now, GUARD + m->wrote);
	assert_memory_equal(m->buffer + same, m->now + GUARD + same,
			    m->len + GUARD - same);
}

/* The CPU reads a part while the buffer stays mapped. */
static void cpu_reads(struct fixture *f, struct mapping *m)
{
	struct vdma_bounce_counts before, after;
	uint32_t to;

	if (m->dir != DMA_IN || !m->wrote)
		return;
	to = 1 + vm_pick(f->vm, m->wrote);
	vdma_bounce_count(&f->b, &before);
	vdma_domain_sync_for_cpu(&f->b.domain, m->dma, to, m->dir);
	vdma_bounce_count(&f->b, &after);
	out += after.out - before.out;
	assert_int_equal(after.out - before.out, to);
	assert_memory_equal(m->buffer, m->now + GUARD, to);
}

/* Ends a mapping, and checks that exactly the right bytes were copied. */
static void end_mapping(struct fixture *f, struct mapping *m)
{
	struct vdma_bounce_counts before, after;
	uint32_t most = (m->wrote + 7) / 8 * 8 + 8;

	vdma_bounce_count(&f->b, &before);
	assert_int_equal(unmap(f, m->dma, m->len, m->dir), VDMA_OK);
	vdma_bounce_count(&f->b, &after);
	out += after.out - before.out;
	if (!(m->dir & DMA_IN))
		most = 0;
	else if (m->dir == DMA_BOTH || most > m->len)
		most = m->len;
	assert_in_range(after.out - before.out, m->dir == DMA_BOTH ? most :
			m->dir == DMA_IN ? m->wrote : 0, most);
	check(f, m);
}

static void end(struct fixture *f, struct mapping *m)
{
	m->live = false;
	if (m->mem.len) {
		vdma_domain_free(&f->b.domain, &m->mem);
		return;
	}
	end_mapping(f, m);
}

static void allocate(struct fixture *f, struct mapping *m)
{
	uint64_t len = 1 + vm_pick(f->vm, 9000);

	m->live = !vdma_bounce_alloc(&f->b, len, 4096u << vm_pick(f->vm, 5),
				     &m->mem);
	full += !m->live;
	if (m->live) {
		assert_true(all_are(m->mem.cpu, m->mem.len, 0));
		/* used by the device: no other slot may overlap */
		memset(m->mem.cpu, 0xa5, m->mem.len);
	}
}

static void step(struct fixture *f)
{
	struct mapping *m = &mappings[vm_pick(f->vm, SLOTS)];

	if (!m->live) {
		if (vm_pick(f->vm, 100))
			begin(f, m);
		else
			allocate(f, m);
		return;
	}
	if (m->mem.len) {
		assert_true(all_are(m->mem.cpu, m->mem.len, 0xa5));
		if (!vm_pick(f->vm, 4))
			end(f, m);
		return;
	}
	switch (vm_pick(f->vm, 4)) {
	case 0:
		device_writes(f, m);
		break;
	case 1:
		cpu_writes(f, m);
		break;
	case 2:
		cpu_reads(f, m);
		break;
	default:
		end(f, m);
	}
}

static void random_steps(bool secure, bool direct, unsigned int steps)
{
	struct fixture *f = set_up_vm(secure, direct, POOL);
	struct vdma_bounce_counts counts;
	unsigned int i;

	in = 0;
	out = 0;
	full = 0;
	print_message("seed %#llx\n", (unsigned long long)f->vm->random);
	for (i = 0; i < steps; i++)
		step(f);
	for (i = 0; i < SLOTS; i++)
		if (mappings[i].live)
			end(f, &mappings[i]);
	vdma_bounce_count(&f->b, &counts);
	assert_int_equal(counts.in, in);
	assert_int_equal(counts.out, out);
	assert_int_equal(counts.full, full);
	assert_int_equal(counts.live, 0);
	assert_true(full > steps / 1000);
	tear_down(f);
}

/* A device with ACCESS_PLATFORM, in a secure VM */
static void through_tces(void **state)
{
	(void)state;
	random_steps(true, false, STEPS);
}

/* A device without it, in a secure VM */
static void by_physical_address(void **state)
{
	(void)state;
	random_steps(true, true, STEPS);
}

/* A VM that is not secure */
static void not_secure(void **state)
{
	(void)state;
	random_steps(false, true, STEPS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_tces),
		cmocka_unit_test(by_physical_address),
		cmocka_unit_test(not_secure),
	};

	return cmocka_run_group_tests_name("bounce_random", tests, NULL, NULL);
}
