/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* container_of(), which the kernel has already. */
#ifndef VDMA_CONTAINER_OF_H
#define VDMA_CONTAINER_OF_H

#ifdef __KERNEL__
#include <linux/container_of.h>
#else
#include <stddef.h>
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#endif

#endif /* VDMA_CONTAINER_OF_H */
