/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Hypercalls, counted. */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <vdma/hcall.h>
#include "base.h"

/**
 * hcall() - make a hypercall
 * @call: opcode and arguments; gets the results
 *
 * Return: the status.
 */
int64_t hcall(struct vdma_hcall *call);

/* The library's hv: hcall(). */
extern const struct vdma_hv_ops guest_hv;

/* hcalls() - how often this opcode was called, on all CPUs; 0: all opcodes */
uint64_t hcalls(uint64_t opcode);

#endif /* GUEST_HYPERCALL_H */
