/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One shape for what differs between kernels. Kbuild asks the headers, and defines
 * VDP_HAVE_… for what is there.
 */
#ifndef VDP_COMPAT_H
#define VDP_COMPAT_H

#include <linux/syscore_ops.h>

/* struct dma_map_ops: renamed when alloc_pages() became a macro. */
#ifdef VDP_HAVE_ALLOC_PAGES_OP
#define VDP_ALLOC_PAGES alloc_pages_op
#else
#define VDP_ALLOC_PAGES alloc_pages
#endif

/*
 * VDP_SYSCORE_SHUTDOWN(name, function): the object @name has @function called when
 * the kernel ends, between vdp_register_syscore() and vdp_unregister_syscore().
 */
#ifdef VDP_HAVE_SYSCORE
#define VDP_SYSCORE_SHUTDOWN(_name, _function)				\
	static void _name##_call(void *unused) { _function(); }		\
	static const struct syscore_ops _name##_ops = {			\
		.shutdown = _name##_call,				\
	};								\
	static struct syscore _name = { .ops = &_name##_ops }
#define vdp_register_syscore register_syscore
#define vdp_unregister_syscore unregister_syscore
#else
#define VDP_SYSCORE_SHUTDOWN(_name, _function)				\
	static struct syscore_ops _name = { .shutdown = _function }
#define vdp_register_syscore register_syscore_ops
#define vdp_unregister_syscore unregister_syscore_ops
#endif

#endif /* VDP_COMPAT_H */
