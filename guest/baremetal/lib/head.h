/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Shared by assembler and C. */
#ifndef GUEST_HEAD_H
#define GUEST_HEAD_H

/* Where QEMU loads a kernel (the machine's kernel-addr) */
#define IMAGE_BASE		0x400000
/* Offsets from there: where a CPU continues in the program's own byte order */
#define NATIVE_BOOT		0x40
#define SECONDARY_ENTRY		0x60
#define NATIVE_SECONDARY	0xa0

#define BOOT_STACK		0x10000
#define EXCEPTION_STACK		0x4000

/* End of the exception vectors, from real address 0 (Power ISA 3.1, III 7.5) */
#define VECTORS_END		0x1800

/* struct regs; checked in exception.c. */
#define REGS_GPR(n)		(8 * (n))
#define REGS_VECTOR		256
#define REGS_LR			264
#define REGS_CTR		272
#define REGS_CR			280
#define REGS_XER		288
#define REGS_SRR0		296
#define REGS_SRR1		304
#define REGS_DAR		312
#define REGS_DSISR		320
#define REGS_SIZE		328

/* Members of struct cpu after its struct regs */
#define CPU_EXCEPTION_SP	328
#define CPU_STACK		336

#ifndef __ASSEMBLER__
#include <stdint.h>

uint64_t be_call(uint64_t function, uint64_t argument);
void secondary_entry(void);
#endif

#endif /* GUEST_HEAD_H */
