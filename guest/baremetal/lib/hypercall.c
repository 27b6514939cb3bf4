// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Hypercalls, counted here because only the caller can check the library's promise
 * "no hypercall per I/O".
 */
#include "console.h"
#include "hypercall.h"

/* PAPR's tokens are multiples of 4; QEMU's own start at 0xf000. */
#define PAPR_LAST	0x4fc
#define PRIVATE_FIRST	0xf000
#define PAPR_SLOTS	(PAPR_LAST / 4 + 1)
#define SLOTS		(PAPR_SLOTS + 0x100)

static uint64_t counts[SLOTS];
static uint64_t total;

static unsigned int hypercall_slot(uint64_t opcode)
{
	if (opcode <= PAPR_LAST)
		return (unsigned int)opcode / 4;
	if (opcode - PRIVATE_FIRST < SLOTS - PAPR_SLOTS)
		return PAPR_SLOTS + (unsigned int)(opcode - PRIVATE_FIRST);
	bail_out("cannot count hypercall 0x%lx", opcode);
}

int64_t hcall(struct vdma_hcall *call)
{
	register uint64_t r3 asm("r3") = call->opcode;
	register uint64_t r4 asm("r4") = call->in[0];
	register uint64_t r5 asm("r5") = call->in[1];
	register uint64_t r6 asm("r6") = call->in[2];
	register uint64_t r7 asm("r7") = call->in[3];

	/* LoPAR 14.5.4: volatile are r0 and r3 to r12, CTR, XER, CR0 to CR7. */
	asm volatile("sc 1"
		     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
		     :
		     : "r0", "r8", "r9", "r10", "r11", "r12", "ctr", "xer",
		       "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
	call->out[0] = r4;
	call->out[1] = r5;
	call->out[2] = r6;
	call->out[3] = r7;
	__atomic_fetch_add(&counts[hypercall_slot(call->opcode)], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&total, 1, __ATOMIC_RELAXED);
	return (int64_t)r3;
}

uint64_t hcalls(uint64_t opcode)
{
	return __atomic_load_n(opcode ? &counts[hypercall_slot(opcode)] : &total,
			       __ATOMIC_RELAXED);
}

static int64_t hypercall_hv(void *ctx, struct vdma_hcall *call)
{
	(void)ctx;
	return hcall(call);
}

const struct vdma_hv_ops guest_hv = { hypercall_hv, NULL };
