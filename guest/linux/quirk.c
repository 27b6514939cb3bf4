// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks into the virtio core. finalize_features() is called when a driver is
 * about to be bound: there a device is refused, or the core is told that it has
 * ACCESS_PLATFORM. This is how rings and drivers decide to use the DMA API, which
 * in mode bounce hands out addresses in the device's pool. The device itself is
 * asked only for what it offers, and always for that. set_status() sees when it has
 * agreed: only then may its queues be set up (virtio 1.2, 3.1.1). del_vqs() is called
 * when the driver leaves.
 */
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <asm/svm.h>
#include <vdma/policy.h>
#include "pool.h"
#include "vdp.h"

/* For all devices with one transport's operations that are not on PCI */
struct foreign {
	struct list_head node;
	struct vdp_config config;
	struct vdp_later later;
};

static LIST_HEAD(foreigners);

static struct vdp_config *config_of(const struct virtio_device *vdev)
{
	return container_of(vdev->config, struct vdp_config, ops);
}

/* Of a device on PCI */
static struct vdp_device *device_of(const struct virtio_device *vdev)
{
	return container_of(config_of(vdev), struct vdp_device, config);
}

static int finalize_features(struct virtio_device *vdev)
{
	const struct vdp_config *config = config_of(vdev);
	struct vdp_device *dev = device_of(vdev);
	int error;

	if (config->refuse) {
		dev_err(&vdev->dev, "virtio DMA: refused: %s; no driver gets it\n",
			config->refuse);
		return -EPERM;
	}
	/*
	 * Cleared by a driver that does without the DMA API: the balloon's. But a
	 * device that offers it may refuse to work without (virtio 1.2, 6.2).
	 * Or set by us, the last time.
	 */
	if (config->offered)
		__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	else
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	if (dev->pool) {
		vdp_carry_limit(vdev);
		vdp_limits_features(dev, vdev);
	}
	error = config->original->finalize_features(vdev);
	if (error || !dev->pool)
		return error;
	__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	const u8 steps = VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK;
	struct vdp_config *config = config_of(vdev);

	config->original->set_status(vdev, status);
	if ((status & steps) == VIRTIO_CONFIG_S_FEATURES_OK &&
	    config->original->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK)
		vdp_limits_rings(container_of(config, struct vdp_device,
					      config));
}

static void config_get(struct virtio_device *vdev, unsigned int offset,
		       void *buf, unsigned int len)
{
	struct vdp_device *dev = device_of(vdev);

	dev->config.original->get(vdev, offset, buf, len);
	vdp_limits_config(dev, vdev, offset, buf, len);
}

static void del_vqs(struct virtio_device *vdev)
{
	const struct vdp_device *dev = device_of(vdev);

	if (dev->pool)
		vdp_pool_empty_rings(dev->pool, vdev);
	dev->config.original->del_vqs(vdev);
}

static bool is_ours(const struct virtio_device *vdev)
{
	return vdev->config->finalize_features == finalize_features;
}

static void stand_before(struct vdp_config *config,
			 const struct virtio_config_ops *original)
{
	config->original = original;
	config->ops = *original;
	config->ops.finalize_features = finalize_features;
}

/**
 * vdp_quirk_apply() - have a new virtio device obey the decision
 * @dev: its record, with a decision
 * @vdev: the device, which no driver has been offered yet
 */
void vdp_quirk_apply(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdp_config *config = &dev->config;
	bool offered = vdma_facts_access_platform(&dev->facts);

	if (is_ours(vdev) ||
	    (dev->decision.mode < VDMA_MODE_BOUNCE && !offered))
		return;
	config->offered = offered;
	config->refuse = dev->decision.mode == VDMA_MODE_REFUSE ?
			 vdma_reason_meaning(dev->decision.reason) : NULL;
	stand_before(config, vdev->config);
	config->ops.del_vqs = del_vqs;
	if (dev->decision.mode == VDMA_MODE_BOUNCE) {
		config->ops.get = config_get;
		config->ops.set_status = set_status;
		config->ops.get_shm_region = NULL;
	}
	vdev->config = &config->ops;
}

/* A configuration that refuses any device with these operations */
static struct vdp_config *refusal_of(const struct virtio_config_ops *original)
{
	struct foreign *f;

	list_for_each_entry(f, &foreigners, node)
		if (f->config.original == original)
			return &f->config;
	f = kzalloc(sizeof(*f), GFP_KERNEL | __GFP_NOFAIL);
	f->config.refuse = "a secure guest has no pool for a device that is not on PCI";
	stand_before(&f->config, original);
	list_add(&f->node, &foreigners);
	return &f->config;
}

/**
 * vdp_quirk_foreign() - look at a new virtio device that is not on PCI
 * @vdev: the device, which no driver has been offered yet
 *
 * With ACCESS_PLATFORM it is left to the DMA API. Without, its driver would have
 * it reach private memory of a secure guest, and there is no pool for it.
 *
 * Context: with the lock. May sleep.
 */
void vdp_quirk_foreign(struct virtio_device *vdev)
{
	const struct virtio_config_ops *config = vdev->config;

	if (!is_secure_guest() || is_ours(vdev))
		return;
	if (config->get_features && config->get_features(vdev) &
				    BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))
		return;
	vdev->config = &refusal_of(config)->ops;
}

/**
 * vdp_quirk_undo() - the virtio device is as it was
 * @vdev: the device, which no driver is bound to or is being bound to
 */
void vdp_quirk_undo(struct virtio_device *vdev)
{
	if (is_ours(vdev))
		vdev->config = config_of(vdev)->original;
}

static void free_foreign(struct vdp_later *later)
{
	kfree(container_of(later, struct foreign, later));
}

/* Once no device has what is freed here */
void vdp_quirk_stop(void)
{
	struct foreign *f;

	list_for_each_entry(f, &foreigners, node)
		vdp_free_later(&f->later, free_foreign);
}
