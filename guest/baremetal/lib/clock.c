// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* The time base as a clock. */
#include "clock.h"

static uint64_t frequency;

void time_init(uint32_t hz)
{
	frequency = hz;
}

uint64_t time_ns(void)
{
	uint64_t ticks;

	asm volatile("mftb %0" : "=r"(ticks));
	return ticks / frequency * NS_PER_SECOND +
	       ticks % frequency * NS_PER_SECOND / frequency;
}

static uint64_t clock_now(void *ctx)
{
	(void)ctx;
	return time_ns();
}

/* Lower the thread's priority while it waits (Power ISA 3.1, II 3.2). */
static void clock_relax(void *ctx)
{
	(void)ctx;
	asm volatile("or 1,1,1; or 2,2,2" : : : "memory");
}

const struct vdma_clock guest_clock = { clock_now, clock_relax, NULL };
