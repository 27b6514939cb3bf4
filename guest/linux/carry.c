// SPDX-License-Identifier: GPL-2.0
/*
 * What mode bounce cannot carry. A pool has copies of buffers: it is right for what
 * one side has written when the other is told. Where a device is told of memory in
 * another way, or both sides use the memory at once, there is nothing to copy, so
 * these features are not negotiated in mode bounce.
 *
 * A device's shared memory regions are such memory, too: the window of a virtiofs
 * with DAX, what a graphics card lets the guest see. They have no feature of their
 * own; quirk.c hides them. Virtio-mem and virtio-pmem would be without any use;
 * no pseries machine has them.
 */
#include <linux/device.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_ids.h>
#include "compat.h"
#include "vdp.h"

static const struct {
	u32 device;
	u64 features;
} not_carried[] = {
	/* Free memory, some MiB at a time, for the device to throw away. */
	{ VIRTIO_ID_BALLOON, BIT_ULL(VIRTIO_BALLOON_F_FREE_PAGE_HINT) |
			     BIT_ULL(VIRTIO_BALLOON_F_REPORTING) },
	/* Memory that programs and the device use at once. */
	{ VIRTIO_ID_GPU, BIT_ULL(VIRTIO_GPU_F_RESOURCE_BLOB) |
			 BIT_ULL(VIRTIO_GPU_F_BLOB_ALIGNMENT) },
};

/**
 * vdp_carry_limit() - take back features that mode bounce cannot carry
 * @vdev: a device in mode bounce, whose features are about to be negotiated
 */
void vdp_carry_limit(struct virtio_device *vdev)
{
	u64 without = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(not_carried); i++)
		if (vdev->id.device == not_carried[i].device)
			without = vdev->features & not_carried[i].features;
	if (!without)
		return;
	dev_info(&vdev->dev, "virtio DMA: not using features 0x%llx, which mode bounce cannot carry\n",
		 without);
	vdev->features &= ~without;
}
