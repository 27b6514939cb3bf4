/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The one place where the core meets its surroundings: fixed-width types.
 *
 * Everything else in include/vdma, guest/virtio and guest/powerpc is written
 * in terms of these, so that the same source compiles into a Linux module,
 * into a bare-metal program and into host tools.
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
