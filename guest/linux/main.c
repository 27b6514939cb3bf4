// SPDX-License-Identifier: GPL-2.0
/*
 * virtio_dma_policy: decides how each virtio PCI device's DMA reaches memory
 * on a pseries guest, carries it out on an unmodified kernel, and says why.
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
		pr_err("this is not a pseries guest; not loaded\n");
		return -ENODEV;
	}
	error = vdp_params_check();
	if (error)
		return error;
	vdp_pools_start();
	/*
	 * In this order nothing gets by: whoever asked the kernel before we took
	 * its functions over is seen when its virtio device is added, or is there.
	 */
	error = vdp_notify_start();
	if (error) {
		pr_err("cannot watch the buses (%d); not loaded\n", error);
		return error;
	}
	vdp_seam_take_all();
	vdp_notify_list();
	vdp_shutdown_start();
	return 0;
}

static void __exit vdp_exit(void)
{
	vdp_shutdown_stop();
	vdp_seam_restore();
	vdp_notify_stop();
	vdp_quirk_stop();
	vdp_pools_stop();
}

module_init(vdp_init);
module_exit(vdp_exit);
MODULE_DESCRIPTION("DMA policy for virtio on pseries");
MODULE_AUTHOR("The vdma project");
MODULE_LICENSE("GPL");
