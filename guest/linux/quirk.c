// SPDX-License-Identifier: GPL-2.0
/*
 * The one hook into the virtio core: finalize_features(), called when a driver
 * is about to be bound. There a device is refused, or the core is told that it
 * has ACCESS_PLATFORM: this is how rings and drivers decide to use the DMA API,
 * which then hands out addresses in the device's pool. The device itself is
 * asked only for what it offers.
 */
#include <linux/virtio_config.h>
#include <vdma/policy.h>
#include "vdp.h"

static struct vdp_config *config_of(const struct virtio_device *vdev)
{
	return container_of(vdev->config, struct vdp_config, ops);
}

static int finalize_features(struct virtio_device *vdev)
{
	struct vdp_config *config = config_of(vdev);
	int error;

	if (config->refuse != VDMA_REASON_NONE) {
		dev_err(&vdev->dev, "virtio DMA: refused: %s; no driver gets it\n",
			vdma_reason_meaning(config->refuse));
		return -EPERM;
	}
	/* Set by us, or cleared by a driver that does without the DMA API. */
	if (config->offered)
		__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	else
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	error = config->original->finalize_features(vdev);
	if (error)
		return error;
	__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	vdp_rings_limit(container_of(config, struct vdp_device, config));
	return 0;
}

/**
 * vdp_quirk_apply() - have a new virtio device obey the decision
 * @dev: its record
 * @vdev: the device, which no driver has been offered yet
 */
void vdp_quirk_apply(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdp_config *config = &dev->config;

	if (!dev->decided || dev->decision.mode < VDMA_MODE_BOUNCE)
		return;
	config->original = vdev->config;
	config->ops = *vdev->config;
	config->ops.finalize_features = finalize_features;
	config->offered = vdma_facts_access_platform(&dev->facts);
	config->refuse = dev->decision.mode == VDMA_MODE_REFUSE ?
			 dev->decision.reason : VDMA_REASON_NONE;
	vdev->config = &config->ops;
}

/**
 * vdp_quirk_undo() - the virtio device is as it was
 * @dev: its record
 * @vdev: the device, which no driver is bound to or is being bound to
 */
void vdp_quirk_undo(struct vdp_device *dev, struct virtio_device *vdev)
{
	if (vdev->config == &dev->config.ops)
		vdev->config = dev->config.original;
}
