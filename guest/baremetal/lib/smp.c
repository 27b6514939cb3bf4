// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* CPUs: per-CPU data, and starting the others */
#include "clock.h"
#include "console.h"
#include "head.h"
#include "lopar.h"
#include "page.h"
#include "rtas.h"
#include "smp.h"
#include "tree.h"

#define CPUS_MAX	32
#define CPU_STACK_SIZE	BOOT_STACK
#define START_LIMIT_NS	10000000000ull

char boot_stack[BOOT_STACK] __aligned(16);

static struct cpu cpus[CPUS_MAX];
static unsigned int cpus_found;

/* The exception vectors find the CPU in SPRG1. */
static void smp_become(struct cpu *cpu)
{
	this_cpu = cpu;
	asm volatile("mtsprg 1,%0" : : "r"(cpu) : "memory");
}

/* Top of a new stack, with room for a frame's header above it (ELFv2 2.2.2) */
static uint64_t smp_stack(uint64_t size)
{
	return (uintptr_t)pages_get(size) + size - 128;
}

void smp_init(void)
{
	uint32_t ids[CPUS_MAX];
	unsigned int i;

	cpus_found = tree_cpus(ids, CPUS_MAX);
	if (!cpus_found)
		bail_out("cannot find a CPU in the device tree");
	for (i = 0; i < cpus_found; i++) {
		cpus[i].index = i;
		cpus[i].hw_id = ids[i];
	}
	cpus[0].exception_sp = smp_stack(EXCEPTION_STACK);
	cpus[0].online = true;
	smp_become(&cpus[0]);
}

unsigned int cpu_count(void)
{
	return cpus_found;
}

void secondary(struct cpu *cpu)
{
	smp_become(cpu);
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	for (;;) {
		if (__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE)) {
			cpu->work(cpu->arg);
			__atomic_store_n(&cpu->work, NULL, __ATOMIC_RELEASE);
		}
		guest_clock.relax(NULL);
	}
}

static void smp_start(struct cpu *cpu)
{
	uint64_t entry = IMAGE_BASE + SECONDARY_ENTRY;
	uint64_t end;
	int status;

	cpu->exception_sp = smp_stack(EXCEPTION_STACK);
	cpu->stack = smp_stack(CPU_STACK_SIZE);
	status = rtas_start_cpu(cpu->hw_id, entry, (uintptr_t)cpu);
	if (status != RTAS_SUCCESS)
		bail_out("cannot start CPU %u: RTAS status %d", cpu->index,
			 status);
	end = time_ns() + START_LIMIT_NS;
	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
		if (time_ns() > end)
			bail_out("cannot start CPU %u: timed out", cpu->index);
	}
}

void cpu_run(unsigned int count, void (*work)(void *arg), void *args,
	     size_t size)
{
	unsigned int i;

	if (count > cpus_found)
		bail_out("cannot run on %u CPUs: the machine has %u", count,
			 cpus_found);
	for (i = 1; i < count; i++) {
		if (!cpus[i].online)
			smp_start(&cpus[i]);
	}
	for (i = 1; i < count; i++) {
		cpus[i].arg = (char *)args + i * size;
		__atomic_store_n(&cpus[i].work, work, __ATOMIC_RELEASE);
	}
	work(args);
	for (i = 1; i < count; i++) {
		while (__atomic_load_n(&cpus[i].work, __ATOMIC_ACQUIRE))
			guest_clock.relax(NULL);
	}
}
