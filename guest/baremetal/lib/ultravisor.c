// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Makes the program a secure VM, and sets up the memory that it shares.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "args.h"
#include "console.h"
#include "head.h"
#include "of.h"
#include "page.h"
#include "spinlock.h"
#include "ultravisor.h"

static uint64_t total;
static struct spinlock secure_spin;
static struct vdma_lock secure_lock;

struct vdma_secure guest_secure;

int64_t ucall(struct vdma_hcall *call)
{
	register uint64_t r3 asm("r3") = call->opcode;
	register uint64_t r4 asm("r4") = call->in[0];
	register uint64_t r5 asm("r5") = call->in[1];

	/* The kernel's ultravisor.rst: registers as for a hypercall. */
	asm volatile("sc 2"
		     : "+r"(r3), "+r"(r4), "+r"(r5)
		     :
		     : "r0", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr",
		       "xer", "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
	__atomic_fetch_add(&total, 1, __ATOMIC_RELAXED);
	return (int64_t)r3;
}

int64_t ucall_pages(uint64_t opcode, const void *memory, uint64_t count)
{
	struct vdma_hcall call = {
		.opcode = opcode,
		.in = { (uintptr_t)memory >> VDMA_UV_PAGE_SHIFT, count },
	};

	return ucall(&call);
}

uint64_t ucalls(void)
{
	return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

static int64_t ultravisor_hv(void *ctx, struct vdma_hcall *call)
{
	(void)ctx;
	return ucall(call);
}

const struct vdma_hv_ops guest_ultravisor = { ultravisor_hv, NULL };

bool secure_vm(void)
{
	uint64_t msr;

	asm volatile("mfmsr %0" : "=r"(msr));
	return vdma_msr_secure(msr);
}

struct vdma_secure_counts secure_counts(void)
{
	struct vdma_secure_counts counts;

	vdma_secure_count(&guest_secure, &counts);
	return counts;
}

/* The ultravisor's pages may be larger than the program's. */
static int ultravisor_get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	(void)ctx;
	mem->cpu = pages_get_aligned(len, VDMA_UV_PAGE_SIZE);
	if (!mem->cpu)
		return VDMA_E_NO_MEMORY;
	mem->phys = (uintptr_t)mem->cpu;
	mem->len = len;
	return VDMA_OK;
}

static void ultravisor_put(void *ctx, const struct vdma_memory *mem)
{
	(void)ctx;
	pages_put(mem->cpu, mem->len);
}

/* QEMU does not read the ESM blob: any address in memory will do. */
void secure_enter(void)
{
	struct vdma_hcall call = {
		.opcode = VDMA_UV_ESM,
		.in = { IMAGE_BASE, (uintptr_t)of_tree() },
	};
	int64_t status = ucall(&call);

	if (status != VDMA_U_SUCCESS)
		bail_out("cannot enter secure mode: UV_ESM: status %ld", status);
}

void secure_init(void)
{
	static const struct vdma_pages pages = { ultravisor_get, ultravisor_put, NULL };

	if (arg_number("secure", 0))
		secure_enter();
	secure_lock = spin_vdma_lock(&secure_spin);
	vdma_secure_init(&guest_secure,
			 secure_vm() ? &guest_ultravisor : NULL, &pages,
			 &secure_lock);
}
