// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests of the program itself, on which all other tests rely */
#include <vdma/abi.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/exception.h"
#include "lib/head.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/smp.h"
#include "lib/spinlock.h"

#define PROGRAM_CHECK	0x700
#define TURNS		1000

/* An expected trap is skipped. */
static void exceptions(void)
{
	exception_expect(PROGRAM_CHECK);
	asm volatile("trap" : : : "memory");
	report(exception_caught(), "a trap is caught and skipped");
	report(!exception_caught() || this_cpu->caught,
	       "a caught exception stays known until the next one");
}

/* The first CPU runs on boot_stack. */
static void stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	report(here > (uintptr_t)boot_stack &&
	       here < (uintptr_t)boot_stack + BOOT_STACK,
	       "the stack is boot_stack");
}

/* The CPU runs in 64-bit mode, in the byte order of the build. */
static void byte_order(void)
{
	uint16_t word = 1;
	uint8_t little;
	uint64_t msr;

	memcpy(&little, &word, 1);
	asm volatile("mfmsr %0" : "=r"(msr));
	report((msr & 1) == little, "MSR[LE] is the byte order of the build");
	report(!strcmp(arg("endian", ""), little ? "le" : "be"),
	       "the build is %s-endian as asked", arg("endian", "?"));
	report(msr >> 63, "64-bit mode");
}

/* format() and memmove() work. */
static void text(void)
{
	char s[32];

	format(s, sizeof(s), "%s %d %u %x %04x %lx %c%%", "a", -7, 7u, 0xabu,
	       1u, 1ul << 40, 'z');
	report(!strcmp(s, "a -7 7 ab 0001 10000000000 z%"), "format: %s", s);
	report(format(s, 4, "%s", "longer") == 3 && !strcmp(s, "lon"),
	       "format cuts text that does not fit");
	memcpy(s, "0123456789", 11);
	memmove(s + 2, s, 8);
	report(!strcmp(s, "0101234567"), "memmove of overlapping memory");
}

/* The allocator returns zeroed pages that do not overlap, and takes them back. */
static void memory(void)
{
	uint64_t before = pages_free(), page = 1ull << page_shift();
	char *a, *b, *c;

	a = pages_get(1);
	b = pages_get(3 * page);
	c = pages_get(page + 1);
	report(pages_free() == before - 6 * page,
	       "memory is allocated in pages of %lu KiB", page / KIB);
	report(!((uintptr_t)a & (page - 1)) && !((uintptr_t)b & (page - 1)) &&
	       !((uintptr_t)c & (page - 1)), "aligned to pages");
	memset(b, 0xff, 3 * page);
	report(!a[page - 1] && !c[0], "zeroed, without overlaps");
	pages_put(b, 3 * page);
	pages_put(a, 1);
	pages_put(c, page + 1);
	report(pages_free() == before, "all memory is free again");
	report(!pages_get_above(1ull << 50, 0),
	       "more than all memory cannot be allocated");
}

/* Memory above 4 GiB can be allocated and used. */
static void high_memory(void)
{
	uint64_t *p = pages_get_above(16, 4 * GIB);

	if (memory_end() <= 4 * GIB) {
		report(!p, "no memory above 4 GiB on this machine");
		return;
	}
	if (!report(p && (uintptr_t)p >= 4 * GIB, "memory above 4 GiB"))
		return;
	*p = 0x0123456789abcdefull;
	report(*p == 0x0123456789abcdefull, "it can be written");
	pages_put(p, 16);
}

static struct spinlock turns_lock;
static uint64_t turns;

static void take_turns(void *result)
{
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		spin_lock(&turns_lock);
		turns++;
		spin_unlock(&turns_lock);
	}
	exception_expect(PROGRAM_CHECK);
	asm volatile("trap" : : : "memory");
	*(uint32_t *)result = exception_caught() ? this_cpu->index + 1 : 0;
}

/* All CPUs run, catch their own exceptions, and take a lock in turn. */
static void cpus(void)
{
	unsigned int count = (unsigned int)arg_number("cpus", 1), i;
	uint32_t results[32] = { 0 };
	bool all = true;

	report(cpu_count() == count, "%u CPUs in the device tree", count);
	turns = 0;
	cpu_run(count, take_turns, results, sizeof(results[0]));
	for (i = 0; i < count; i++)
		all &= results[i] == i + 1;
	report(all, "each of %u CPUs ran, and caught its own trap", count);
	report(turns == (uint64_t)count * TURNS, "the lock excludes others");
	cpu_run(count, take_turns, results, sizeof(results[0]));
	report(turns == 2ull * count * TURNS, "the CPUs can be used again");
}

/* Time goes on. */
static void clock(void)
{
	uint64_t start = time_ns();

	while (time_ns() == start)
		;
	report(time_ns() > start, "time goes on");
}

/* Hypercalls return their status and are counted. */
static void hypercalls(void)
{
	struct vdma_hcall unknown = { .opcode = 0x4fc };
	uint64_t before = hcalls(0), same = hcalls(0x4fc);

	report(hcall(&unknown) == VDMA_H_FUNCTION,
	       "an unknown hypercall returns H_FUNCTION");
	report(hcalls(0x4fc) == same + 1, "it is counted");
	report(hcalls(0) > before, "also among all");
}

/* All that other tests rely on works. */
static void selftest(void)
{
	stack();
	byte_order();
	text();
	exceptions();
	memory();
	high_memory();
	clock();
	hypercalls();
	cpus();
}

GUEST_TEST(selftest, selftest);

/* Must fail: an unexpected exception ends the run. */
static void crash(void)
{
	report(true, "about to trap");
	asm volatile("trap" : : : "memory");
	report(true, "never reached");
}

GUEST_TEST(crash, crash);

/* Must fail: a check that does not hold fails the test. */
static void failing(void)
{
	report(1 + 1 == 3, "one and one are three");
}

GUEST_TEST(failing, failing);
