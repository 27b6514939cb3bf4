/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Hypercalls, with counters */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <vdma/hcall.h>
#include "base.h"

/**
 * hcall() - make a hypercall
 * @call: opcode and arguments; receives the results
 *
 * Return: the status.
 */
int64_t hcall(struct vdma_hcall *call);

/* hcall() for the library */
extern const struct vdma_hv_ops guest_hv;

/* hcalls() - number of calls with an opcode, on all CPUs; 0: all opcodes */
uint64_t hcalls(uint64_t opcode);

#endif /* GUEST_HYPERCALL_H */
