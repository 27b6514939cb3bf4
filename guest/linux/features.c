// SPDX-License-Identifier: GPL-2.0
/*
 * Wraps the configuration operations of virtio devices.
 *
 * finalize_features() is called when a driver is about to be bound: there either the
 * device is refused, or ACCESS_PLATFORM is set, so that the virtio core uses the DMA
 * API, which in mode bounce returns addresses in the device's pool. The device itself is
 * asked for the bit if and only if it offers it. get() lowers limits in the configuration
 * that drivers read. set_status() sees when the device has agreed to its features: only
 * then may its queues be set up (virtio 1.2, 3.1.1), and rings limited. del_vqs() is
 * called when the driver leaves.
 *
 * Some features are not negotiated in mode bounce. A pool holds copies of buffers: it is
 * right for data that one side has written when the other is notified. Where a device
 * learns of memory in another way, or both sides use memory at once, there is nothing to
 * copy. The same holds for shared memory regions, which have no feature bit and are
 * hidden: the DAX window of virtiofs, memory of a graphics card. Virtio-mem and
 * virtio-pmem would be useless; no pseries machine has them.
 */
#include <linux/slab.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <asm/svm.h>
#include <vdma/policy.h>
#include "compat.h"
#include "pool.h"
#include "vdp.h"

static const struct {
	u32 id;
	u64 features;
} features_no_bounce[] = {
	/* Free memory that the device may discard, some MiB at a time. */
	{ VIRTIO_ID_BALLOON, BIT_ULL(VIRTIO_BALLOON_F_FREE_PAGE_HINT) |
				     BIT_ULL(VIRTIO_BALLOON_F_REPORTING) },
	/* Memory that programs and the device use at once. */
	{ VIRTIO_ID_GPU, BIT_ULL(VIRTIO_GPU_F_VIRGL) |
				 BIT_ULL(VIRTIO_GPU_F_CONTEXT_INIT) |
				 BIT_ULL(VIRTIO_GPU_F_RESOURCE_BLOB) |
				 BIT_ULL(VIRTIO_GPU_F_BLOB_ALIGNMENT) },
};

/* For all devices that are not on PCI and share the operations of a transport */
struct features_non_pci {
	struct list_head node;
	struct vdp_config config;
	struct vdp_later later;
};

static LIST_HEAD(features_non_pci_list);

static struct vdp_config *features_config(const struct virtio_device *vdev)
{
	return container_of(vdev->config, struct vdp_config, ops);
}

/* Of a device on PCI */
static struct vdp_device *features_device(const struct virtio_device *vdev)
{
	return container_of(features_config(vdev), struct vdp_device, config);
}

static u64 features_pool_size(const struct vdp_device *dev)
{
	return dev->pool->bounce.shared.mem.len;
}

/* Does a request, or a buffer that a card receives into, take one entry of its ring? */
static bool features_one_entry(const struct virtio_device *vdev)
{
	bool net = vdev->id.device == VIRTIO_ID_NET;

	return virtio_has_feature(vdev, net ? VIRTIO_NET_F_MRG_RXBUF :
					      VIRTIO_RING_F_INDIRECT_DESC);
}

/* Does a card's driver use more than one pair of rings? */
static bool features_pairs(const struct virtio_device *vdev)
{
	return vdev->features & (BIT_ULL(VIRTIO_NET_F_MQ) |
				 BIT_ULL(VIRTIO_NET_F_RSS));
}

/*
 * The number of pairs cannot be lowered as such: the control ring's own number follows
 * from it (virtio 1.2, 5.1.2).
 */
static void features_limit_pairs(struct virtio_device *vdev)
{
	const struct vdp_device *dev = features_device(vdev);
	u64 max = vdp_limits_pairs(features_pool_size(dev),
				   features_one_entry(vdev));
	__le16 pairs;

	if (!features_pairs(vdev))
		return;
	dev->config.original->get(vdev,
				  offsetof(struct virtio_net_config,
					   max_virtqueue_pairs),
				  &pairs, sizeof(pairs));
	if (le16_to_cpu(pairs) <= max)
		return;
	dev_info(&vdev->dev, "using one pair of queues: the bounce pool holds %llu of %u\n",
		 max, le16_to_cpu(pairs));
	__virtio_clear_bit(vdev, VIRTIO_NET_F_MQ);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
}

static void features_limit(struct virtio_device *vdev)
{
	u64 drop = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features_no_bounce); i++)
		if (vdev->id.device == features_no_bounce[i].id)
			drop = vdev->features & features_no_bounce[i].features;
	if (drop) {
		dev_info(&vdev->dev, "dropping features 0x%llx, which mode bounce does not support\n",
			 drop);
		vdev->features &= ~drop;
	}
	/*
	 * 9p and virtiofs give up a request that they cannot map, and wait while the
	 * ring is full. With each buffer in a descriptor of the ring, the ring is full
	 * first. The same goes for a card whose buffers hold whole frames: virtio_net
	 * of 7.2 polls while more than half of a receive ring is free.
	 */
	if (vdev->id.device == VIRTIO_ID_9P || vdev->id.device == VIRTIO_ID_FS ||
	    (vdev->id.device == VIRTIO_ID_NET &&
	     !virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF)))
		__virtio_clear_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC);
	if (vdev->id.device == VIRTIO_ID_NET)
		features_limit_pairs(vdev);
	/* A packed ring makes EIO of a full pool, which drivers do not retry. */
	__virtio_clear_bit(vdev, VIRTIO_F_RING_PACKED);
}

static int features_refuse(struct virtio_device *vdev, const char *why)
{
	dev_err(&vdev->dev, "cannot use the device in a secure guest: %s\n", why);
	return -EPERM;
}

/* The driver may have cleared ACCESS_PLATFORM, as the balloon's does. */
static int features_finalize_non_pci(struct virtio_device *vdev)
{
	const struct virtio_config_ops *original =
		features_config(vdev)->original;

	if (!original->get_features ||
	    !(original->get_features(vdev) & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)))
		return features_refuse(vdev, "only devices on PCI can have a bounce pool");
	__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return original->finalize_features(vdev);
}

static int features_finalize(struct virtio_device *vdev)
{
	const struct vdp_config *config = features_config(vdev);
	struct vdp_device *dev = features_device(vdev);
	int error;

	if (config->refuse)
		return features_refuse(vdev, config->refuse);
	/*
	 * The balloon's driver, which does not use the DMA API, clears it, although a
	 * device that offers it may refuse to work without (virtio 1.2, 6.2). The last
	 * probe may have set it, below.
	 */
	if (config->offered)
		__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	else
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	if (dev->pool)
		features_limit(vdev);
	error = config->original->finalize_features(vdev);
	if (error || !dev->pool)
		return error;
	__virtio_set_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

static u16 features_ring_max(const void *ctx, unsigned int rings,
			     unsigned int index)
{
	const struct virtio_device *vdev = ctx;
	const struct vdp_device *dev = features_device(vdev);

	/* Some devices keep the rings that they have with more than a pair. */
	if (vdev->id.device == VIRTIO_ID_NET && !features_pairs(vdev))
		rings = min(rings, 3u);
	return vdp_limits_ring(vdev->id.device, features_pool_size(dev), rings,
			       index, features_one_entry(vdev));
}

static void features_set_status(struct virtio_device *vdev, u8 status)
{
	const u8 steps = VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK;
	const struct virtio_config_ops *original =
		features_config(vdev)->original;
	const struct vdp_device *dev = features_device(vdev);

	original->set_status(vdev, status);
	if ((status & steps) == VIRTIO_CONFIG_S_FEATURES_OK &&
	    original->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK)
		vdp_common_limit_rings(dev->pdev, features_ring_max, vdev);
}

/* Applies a limit to a value read from the configuration. */
static void features_limit_field(struct virtio_device *vdev,
				 const struct vdp_limit_field *field,
				 unsigned int offset, void *buf,
				 unsigned int len)
{
	unsigned int from = max(offset, field->offset), to;
	__le32 value = 0;
	u32 v;

	to = min(offset + len, field->offset + field->size);
	if (from >= to)
		return;
	features_config(vdev)->original->get(vdev, field->offset, &value,
					     field->size);
	v = le32_to_cpu(value);
	if (!v && field->replace_0)
		v = U32_MAX;
	value = cpu_to_le32(min_t(u64, v, field->max));
	memcpy(buf + (from - offset), (char *)&value + (from - field->offset),
	       to - from);
}

static void features_get(struct virtio_device *vdev, unsigned int offset,
			 void *buf, unsigned int len)
{
	const struct vdp_device *dev = features_device(vdev);
	struct vdp_limit_field fields[VDP_LIMIT_FIELDS];
	unsigned int n;

	dev->config.original->get(vdev, offset, buf, len);
	n = vdp_limits_fields(vdev->id.device, features_pool_size(dev),
			      dev->pool->bounce.domain.max_len,
			      features_one_entry(vdev), fields);
	while (n--)
		features_limit_field(vdev, &fields[n], offset, buf, len);
}

static void features_del_vqs(struct virtio_device *vdev)
{
	const struct vdp_device *dev = features_device(vdev);

	if (dev->pool)
		vdp_pool_empty_rings(dev->pool, vdev);
	dev->config.original->del_vqs(vdev);
}

static bool features_wrapped(const struct virtio_device *vdev)
{
	return vdev->config->finalize_features == features_finalize ||
	       vdev->config->finalize_features == features_finalize_non_pci;
}

static void features_wrap(struct vdp_config *config,
			  const struct virtio_config_ops *original,
			  int (*finalize)(struct virtio_device *vdev))
{
	config->original = original;
	config->ops = *original;
	config->ops.finalize_features = finalize;
}

/**
 * vdp_features_apply() - make a new virtio device follow the decision
 * @dev: its record, with a decision
 * @vdev: the device, which has not been offered to a driver yet
 */
void vdp_features_apply(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdp_config *config = &dev->config;
	bool offered = vdma_facts_access_platform(&dev->facts);

	if (features_wrapped(vdev) ||
	    (dev->decision.mode < VDMA_MODE_BOUNCE && !offered))
		return;
	config->offered = offered;
	config->refuse = dev->decision.mode == VDMA_MODE_REFUSE ?
			 vdma_reason_meaning(dev->decision.reason) : NULL;
	features_wrap(config, vdev->config, features_finalize);
	config->ops.del_vqs = features_del_vqs;
	if (dev->decision.mode == VDMA_MODE_BOUNCE) {
		config->ops.get = features_get;
		config->ops.set_status = features_set_status;
		config->ops.get_shm_region = NULL;
		vdp_map_ops_set(vdev);
	}
	vdev->config = &config->ops;
}

/* The configuration of all devices that have these operations of a transport */
static struct vdp_config *
features_config_non_pci(const struct virtio_config_ops *original)
{
	struct features_non_pci *f;

	list_for_each_entry(f, &features_non_pci_list, node)
		if (f->config.original == original)
			return &f->config;
	f = kzalloc(sizeof(*f), GFP_KERNEL | __GFP_NOFAIL);
	features_wrap(&f->config, original, features_finalize_non_pci);
	list_add(&f->node, &features_non_pci_list);
	return &f->config;
}

/**
 * vdp_features_apply_non_pci() - keep a virtio device that is not on PCI to the DMA API
 * @vdev: the device, which has not been offered to a driver yet
 *
 * In a secure guest a device that offers ACCESS_PLATFORM keeps it, whatever its driver
 * does. Without it, the device would reach private memory, and there is no pool for it.
 *
 * Context: with the lock. May sleep.
 */
void vdp_features_apply_non_pci(struct virtio_device *vdev)
{
	if (is_secure_guest() && !features_wrapped(vdev))
		vdev->config = &features_config_non_pci(vdev->config)->ops;
}

/**
 * vdp_features_undo() - restore a virtio device's own operations
 * @vdev: the device, which has no driver and is not being bound to one
 */
void vdp_features_undo(struct virtio_device *vdev)
{
	if (features_wrapped(vdev))
		vdev->config = features_config(vdev)->original;
	vdp_map_ops_clear(vdev);
}

static void features_free_non_pci(struct vdp_later *later)
{
	kfree(container_of(later, struct features_non_pci, later));
}

/* Once all devices have their own operations again */
void vdp_features_stop(void)
{
	struct features_non_pci *f;

	list_for_each_entry(f, &features_non_pci_list, node)
		vdp_free_later(&f->later, features_free_non_pci);
}
