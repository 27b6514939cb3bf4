// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Exceptions: an expected one is noted and skipped; any other prints the registers and
 * ends the run.
 */
#include <vdma/abi.h>
#include "base.h"
#include "console.h"
#include "exception.h"
#include "head.h"
#include "hypercall.h"
#include "lopar.h"
#include "rtas.h"
#include "smp.h"

extern const char vectors[VECTORS_END];

_Static_assert(offsetof(struct regs, vector) == REGS_VECTOR, "head.h");
_Static_assert(offsetof(struct regs, lr) == REGS_LR, "head.h");
_Static_assert(offsetof(struct regs, ctr) == REGS_CTR, "head.h");
_Static_assert(offsetof(struct regs, cr) == REGS_CR, "head.h");
_Static_assert(offsetof(struct regs, xer) == REGS_XER, "head.h");
_Static_assert(offsetof(struct regs, srr0) == REGS_SRR0, "head.h");
_Static_assert(offsetof(struct regs, srr1) == REGS_SRR1, "head.h");
_Static_assert(offsetof(struct regs, dar) == REGS_DAR, "head.h");
_Static_assert(offsetof(struct regs, dsisr) == REGS_DSISR, "head.h");
_Static_assert(sizeof(struct regs) == REGS_SIZE, "head.h");
_Static_assert(offsetof(struct cpu, exception_sp) == CPU_EXCEPTION_SP, "head.h");
_Static_assert(offsetof(struct cpu, stack) == CPU_STACK, "head.h");

/* A pointer to address 0 that the compiler does not take for a null pointer */
static void *exception_real_address(uint64_t address)
{
	void *p;

	asm("mr %0,%1" : "=r"(p) : "r"(address));
	return p;
}

/* Call it when firmware is no longer needed: its vectors are overwritten. */
void exceptions_init(void)
{
	struct vdma_hcall mode = {
		.opcode = H_SET_MODE,
		.in = { __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
			H_SET_MODE_LE },
	};
	char *at = exception_real_address(0);
	size_t i;

	memcpy(at, vectors, VECTORS_END);
	for (i = 0; i < VECTORS_END; i += 64)
		asm volatile("dcbst 0,%0; sync; icbi 0,%0" : : "r"(at + i) :
			     "memory");
	asm volatile("sync; isync" : : : "memory");
	if (hcall(&mode) != VDMA_H_SUCCESS)
		bail_out("cannot set the byte order of exceptions: H_SET_MODE failed");
}

static void exception_print_regs(const struct regs *r)
{
	unsigned int i;

	print("# SRR0 %016lx  SRR1 %016lx  LR %016lx  CTR %016lx\n",
	      r->srr0, r->srr1, r->lr, r->ctr);
	print("# DAR  %016lx  DSISR %08lx  CR %08lx  XER %08lx\n",
	      r->dar, r->dsisr, r->cr, r->xer);
	for (i = 0; i < 32; i += 4)
		print("# r%02u %016lx %016lx %016lx %016lx\n", i, r->gpr[i],
		      r->gpr[i + 1], r->gpr[i + 2], r->gpr[i + 3]);
}

void exception(struct regs *regs)
{
	struct cpu *cpu = this_cpu;

	if (cpu->expected == regs->vector) {
		cpu->expected = 0;
		cpu->caught = true;
		regs->srr0 += 4;
		return;
	}
	/* An exception while printing one: nothing is left to try. */
	if (cpu->in_exception)
		power_off();
	cpu->in_exception = true;
	print("\n");
	exception_print_regs(regs);
	bail_out("exception 0x%lx at 0x%lx on CPU %u", regs->vector, regs->srr0,
		 cpu->index);
}

void exception_expect(uint64_t vector)
{
	this_cpu->caught = false;
	this_cpu->expected = vector;
	asm volatile("" : : : "memory");
}

bool exception_caught(void)
{
	asm volatile("" : : : "memory");
	this_cpu->expected = 0;
	return this_cpu->caught;
}
