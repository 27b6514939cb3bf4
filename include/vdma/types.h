/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Fixed-width types, from Linux or from the compiler's headers.
 *
 * The rest of the core uses only these, so that the same source compiles for a Linux
 * module, a bare-metal program and host tools.
 */
#ifndef VDMA_TYPES_H
#define VDMA_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#endif /* VDMA_TYPES_H */
