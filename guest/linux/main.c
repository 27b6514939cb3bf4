// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_dma_policy: decides which path the DMA of each virtio PCI device takes on a
 * pseries guest, implements it on an unmodified kernel, and says why.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <asm/firmware.h>
#include "pool.h"
#include "vdp.h"

static int __init vdp_init(void)
{
	int error;

	if (!firmware_has_feature(FW_FEATURE_LPAR)) {
		pr_err("cannot load: not a pseries guest\n");
		return -ENODEV;
	}
	error = vdp_params_check();
	if (error)
		return error;
	vdp_pools_start(&vdp_dma_ops);
	/*
	 * This order misses no device: one probed before its PHB was hooked is seen when
	 * its virtio device is added, or is there already.
	 */
	error = vdp_notify_start();
	if (error) {
		pr_err("cannot load: cannot watch the buses: %d\n", error);
		return error;
	}
	vdp_phb_hook_all();
	vdp_notify_list();
	vdp_shutdown_start();
	return 0;
}

static void __exit vdp_exit(void)
{
	vdp_shutdown_stop();
	vdp_phb_unhook_all();
	vdp_notify_stop();
	vdp_features_stop();
	vdp_pools_stop();
}

module_init(vdp_init);
module_exit(vdp_exit);
MODULE_DESCRIPTION("DMA policy for virtio on pseries");
MODULE_AUTHOR("The vdma project");
MODULE_LICENSE("GPL");
