/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* CPUs. */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include "exception.h"
#include "head.h"
#include "base.h"

/* struct cpu - what a CPU has of its own; r13 and SPRG1 point to it */
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

/* Where the first CPU's stack is. */
extern char boot_stack[BOOT_STACK];

void smp_init(void);
void secondary(struct cpu *cpu) __noreturn;

/* cpu_count() - CPUs that the machine has, this one included */
unsigned int cpu_count(void);

/**
 * cpu_run() - run a function on several CPUs at once, this one too
 * @count: how many; bails out if there are not as many
 * @work: called on each, with its place in @args
 * @args: an array of @count arguments
 * @size: bytes of one
 *
 * Returns when all have returned. CPUs are started when they are first needed.
 */
void cpu_run(unsigned int count, void (*work)(void *arg), void *args,
	     size_t size);

#endif /* GUEST_SMP_H */
