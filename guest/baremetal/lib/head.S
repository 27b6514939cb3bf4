/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Entry points, calls to firmware, and exception vectors.
 *
 * Firmware and RTAS run big endian and enter the program so; it runs in the byte order
 * that it was built for. Code that is fetched big endian in both builds is written as
 * instruction words with the macro `be`.
 *
 * Everything runs in real mode, at the address it was linked for.
 */
#include "head.h"

#define SRR0	26
#define SRR1	27

/* Power ISA 3.1, III 4.2.1: bits of the MSR that this program runs with */
#define MSR_ME	0x1000
#define MSR_RI	0x2
#ifdef __LITTLE_ENDIAN__
#define MSR_LE	0x1
#else
#define MSR_LE	0
#endif

	.macro	be word
	.byte	(\word >> 24) & 0xff, (\word >> 16) & 0xff
	.byte	(\word >> 8) & 0xff, \word & 0xff
	.endm

	/* Go to IMAGE_BASE + \offset in 64-bit mode and the program's byte order. */
	.macro	go_native offset
	be	(0x3d800000 | IMAGE_BASE >> 16)		/* lis    r12, base */
	be	(0x618c0000 | \offset)			/* ori    r12, r12, offset */
	be	0x7d9a03a6				/* mtsrr0 r12 */
	be	0x39600001				/* li     r11, 1 */
	be	0x796bf806				/* sldi   r11, r11, 63: SF */
	be	(0x616b0000 | MSR_ME | MSR_RI | MSR_LE)	/* ori    r11, r11, msr */
	be	0x7d7b03a6				/* mtsrr1 r11 */
	be	0x4c000024				/* rfid */
	.endm

	.section .head, "ax"

	/*
	 * From firmware, which jumps to the first byte that QEMU has loaded: r5 is
	 * the client interface (LoPAR B.3).
	 */
	.globl	_start
_start:
	go_native NATIVE_BOOT

	.org	NATIVE_BOOT
	lis	1, (boot_stack + BOOT_STACK - 128)@ha
	addi	1, 1, (boot_stack + BOOT_STACK - 128)@l
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	b	boot_cpu

	/* From RTAS start-cpu, with the caller's r3 (LoPAR 7.3.8.3) */
	.org	SECONDARY_ENTRY
	.globl	secondary_entry
secondary_entry:
	go_native NATIVE_SECONDARY

	.org	NATIVE_SECONDARY
	ld	1, CPU_STACK(3)
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	b	secondary_cpu

	/*
	 * From firmware that has loaded the file itself, by its ELF entry point.
	 * SLOF takes the entry of a big-endian file for a function descriptor
	 * (ELFv1), and calls a little-endian one in its byte order; _start is big
	 * endian.
	 */
	.balign	8
	.globl	elf_entry
elf_entry:
#ifdef __LITTLE_ENDIAN__
	mfmsr	11
	xori	11, 11, MSR_LE
	mtspr	SRR1, 11
	lis	12, _start@ha
	addi	12, 12, _start@l
	mtspr	SRR0, 12
	rfid
#else
	.quad	_start, 0, 0
#endif

	.text
boot_cpu:
	lis	6, __bss_start@ha
	addi	6, 6, __bss_start@l
	lis	7, __bss_end@ha
	addi	7, 7, __bss_end@l
	li	0, 0
1:	cmpld	6, 7
	bge	2f
	std	0, 0(6)
	addi	6, 6, 8
	b	1b
2:	li	0, 0
	std	0, 0(1)			/* end of the chain of frames */
	mr	3, 5
	bl	boot
	nop
	trap

secondary_cpu:
	li	0, 0
	std	0, 0(1)
	bl	secondary
	nop
	trap

/*
 * uint64_t be_call(uint64_t function, uint64_t argument): call firmware or
 * RTAS at a real address, big endian. Both keep r1, r2 and r13 to r31.
 */
	.globl	be_call
be_call:
	mflr	0
	std	0, 16(1)
	mfcr	0
	stw	0, 8(1)
	stdu	1, -64(1)
	std	2, 24(1)
	std	30, 48(1)
	std	31, 56(1)
	mfmsr	30
	lis	31, 1f@ha
	addi	31, 31, 1f@l
	lis	12, be_return@ha
	addi	12, 12, be_return@l
	mtlr	12
	clrrdi	11, 30, 1
	mr	12, 3
	mr	3, 4
	mtspr	SRR0, 12
	mtspr	SRR1, 11
	rfid
be_return:
	be	0x7ffa03a6		/* mtsrr0 r31 */
	be	0x7fdb03a6		/* mtsrr1 r30 */
	be	0x4c000024		/* rfid */
1:	ld	2, 24(1)
	ld	30, 48(1)
	ld	31, 56(1)
	addi	1, 1, 64
	lwz	0, 8(1)
	mtcr	0
	ld	0, 16(1)
	mtlr	0
	blr

/*
 * Exceptions. SPRG1 has the CPU's struct cpu, SPRG2 is scratch. The vectors are copied
 * to address 0; `ba` is absolute, so they work there.
 */
	.macro	vector at
	.org	vectors + \at
	mtsprg	2, 3
	mfsprg	3, 1
	std	4, REGS_GPR(4)(3)
	li	4, \at
	ba	exception_common
	.endm

	/* Store or load registers \first to \last of the struct regs at r3. */
	.macro	gprs op, first, last
	.set	reg, \first
	.rept	\last - \first + 1
	\op	reg, REGS_GPR(reg)(3)
	.set	reg, reg + 1
	.endr
	.endm

	.section .vectors, "ax"
	.globl	vectors
vectors:
	vector	0x100
	vector	0x200
	vector	0x300
	vector	0x380
	vector	0x400
	vector	0x480
	vector	0x500
	vector	0x600
	vector	0x700
	vector	0x800
	vector	0x900
	vector	0x980
	vector	0xa00
	vector	0xc00
	vector	0xd00
	vector	0xe00
	vector	0xe20
	vector	0xe40
	vector	0xe60
	vector	0xe80
	vector	0xf00
	vector	0xf20
	vector	0xf40
	vector	0xf60
	vector	0xf80
	vector	0x1500
	vector	0x1700
	.org	vectors + VECTORS_END

	.text
	.globl	exception_common
exception_common:
	std	4, REGS_VECTOR(3)
	gprs	std, 0, 2
	gprs	std, 5, 31
	mfsprg	4, 2
	std	4, REGS_GPR(3)(3)
	mflr	4
	std	4, REGS_LR(3)
	mfctr	4
	std	4, REGS_CTR(3)
	mfcr	4
	std	4, REGS_CR(3)
	mfxer	4
	std	4, REGS_XER(3)
	mfspr	4, SRR0
	std	4, REGS_SRR0(3)
	mfspr	4, SRR1
	std	4, REGS_SRR1(3)
	mfdar	4
	std	4, REGS_DAR(3)
	mfdsisr	4
	std	4, REGS_DSISR(3)
	ld	1, CPU_EXCEPTION_SP(3)
	lis	2, .TOC.@ha
	addi	2, 2, .TOC.@l
	mr	13, 3
	bl	exception
	nop
	/* It returns if the exception was expected. */
	mfsprg	3, 1
	ld	4, REGS_SRR0(3)
	mtspr	SRR0, 4
	ld	4, REGS_SRR1(3)
	mtspr	SRR1, 4
	ld	4, REGS_LR(3)
	mtlr	4
	ld	4, REGS_CTR(3)
	mtctr	4
	ld	4, REGS_CR(3)
	mtcr	4
	ld	4, REGS_XER(3)
	mtxer	4
	gprs	ld, 0, 2
	gprs	ld, 4, 31
	ld	3, REGS_GPR(3)(3)
	rfid
