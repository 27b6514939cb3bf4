/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the module is built for.
 */
#ifndef VDP_COMPAT_H
#define VDP_COMPAT_H

#include <linux/version.h>

/* struct dma_map_ops: renamed in 6.10, where alloc_pages() became a macro. */
#if KERNEL_VERSION(6, 10, 0) > LINUX_VERSION_CODE
#define VDP_ALLOC_PAGES alloc_pages
#else
#define VDP_ALLOC_PAGES alloc_pages_op
#endif

#endif /* VDP_COMPAT_H */
