/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Exceptions */
#ifndef GUEST_EXCEPTION_H
#define GUEST_EXCEPTION_H

#include "base.h"

/* struct regs - a CPU's registers at an exception, as head.S stores them */
struct regs {
	uint64_t gpr[32];
	uint64_t vector;
	uint64_t lr;
	uint64_t ctr;
	uint64_t cr;
	uint64_t xer;
	uint64_t srr0;
	uint64_t srr1;
	uint64_t dar;
	uint64_t dsisr;
};

void exceptions_init(void);
void exception(struct regs *regs);

/**
 * exception_expect() - skip the next instruction that traps
 * @vector: the exception that is expected on this CPU
 *
 * Any other exception ends the run, as usual.
 */
void exception_expect(uint64_t vector);

/* exception_caught() - has the expected exception come? Expects none any more. */
bool exception_caught(void);

#endif /* GUEST_EXCEPTION_H */
