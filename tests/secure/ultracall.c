// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A test guest's way to make an ultracall that no driver would make: to take a
 * page back while a device uses it. Makes it when loaded, and says what came of it.
 */
#include <linux/module.h>
#include <asm/ultravisor.h>

static ulong call;
module_param(call, ulong, 0);

static ulong gfn;
module_param(gfn, ulong, 0);

static ulong pages;
module_param(pages, ulong, 0);

static int __init ultracall_init(void)
{
	pr_warn("ultracall %#lx: status %ld\n", call,
		ucall_norets(call, gfn, pages));
	return 0;
}

static void __exit ultracall_exit(void)
{
}

module_init(ultracall_init);
module_exit(ultracall_exit);
MODULE_DESCRIPTION("One ultracall");
MODULE_LICENSE("GPL");
