/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Secure VMs: docs/abi/ultravisor.md */
#ifndef GUEST_ULTRAVISOR_H
#define GUEST_ULTRAVISOR_H

#include <vdma/hcall.h>
#include <vdma/secure.h>
#include "base.h"

/**
 * secure_init() - become a secure VM if the command line says secure=1
 *
 * Bails out if that fails.
 */
void secure_init(void);

/* secure_enter() - become a secure VM now; bails out if that fails */
void secure_enter(void);

/* secure_vm() - MSR[S] of this CPU, as the library reads it */
bool secure_vm(void);

/**
 * ucall() - make an ultracall
 * @call: opcode and arguments
 *
 * Return: the status.
 */
int64_t ucall(struct vdma_hcall *call);

/**
 * ucall_pages() - share pages or make them private, without the library
 * @opcode: VDMA_UV_SHARE_PAGE or VDMA_UV_UNSHARE_PAGE
 * @memory: address of the first page
 * @count: number of pages of VDMA_UV_PAGE_SIZE
 *
 * Return: the status.
 */
int64_t ucall_pages(uint64_t opcode, const void *memory, uint64_t count);

/* ucall() for the library */
extern const struct vdma_hv_ops guest_ultravisor;

/* ucalls() - number of ultracalls made, on all CPUs */
uint64_t ucalls(void);

/* Memory that this VM shares; a normal VM makes no ultracalls for it. */
extern struct vdma_secure guest_secure;

/* secure_counts() - its statistics */
struct vdma_secure_counts secure_counts(void);

#endif /* GUEST_ULTRAVISOR_H */
