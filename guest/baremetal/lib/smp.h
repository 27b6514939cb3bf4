/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* CPUs */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include "exception.h"
#include "head.h"
#include "base.h"

/* struct cpu - per-CPU data; r13 and SPRG1 point to it */
struct cpu {
	struct regs regs;
	uint64_t exception_sp;
	uint64_t stack;
	uint32_t index;
	uint32_t hw_id;
	uint64_t expected;
	bool caught;
	bool in_exception;
	bool online;
	void (*work)(void *arg);
	void *arg;
};

register struct cpu *this_cpu asm("r13");

/* The first CPU's stack */
extern char boot_stack[BOOT_STACK];

void smp_init(void);
void secondary(struct cpu *cpu) __noreturn;

/* cpu_count() - number of CPUs of the machine */
unsigned int cpu_count(void);

/**
 * cpu_run() - run a function on several CPUs at once, including this one
 * @count: number of CPUs; bails out if the machine has fewer
 * @work: called on each CPU with its element of @args
 * @args: an array of @count arguments
 * @size: size of an element in bytes
 *
 * Returns when all have returned. Starts CPUs when they are first needed.
 */
void cpu_run(unsigned int count, void (*work)(void *arg), void *args,
	     size_t size);

#endif /* GUEST_SMP_H */
