/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Exceptions. */
#ifndef GUEST_EXCEPTION_H
#define GUEST_EXCEPTION_H

#include "base.h"

/* struct regs - a CPU at an exception, as head.S stores it */
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
 * exception_expect() - let the next instruction that traps be skipped
 * @vector: the exception that is expected on this CPU
 *
 * Any other is the end, as without it.
 */
void exception_expect(uint64_t vector);

/* exception_caught() - has it come? Nothing is expected afterwards. */
bool exception_caught(void);

#endif /* GUEST_EXCEPTION_H */
