// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/bus/virtio/devices/virtioN/dma_policy/: one value per file, documented in
 * docs/abi/sysfs-bus-virtio-dma_policy.
 */
#include <linux/sysfs.h>
#include "pool.h"
#include "vdp.h"

typedef int (*sysfs_emit_fn)(const struct vdp_device *dev, char *buf);

struct policy_attribute {
	struct device_attribute attr;
	sysfs_emit_fn emit;
};

static ssize_t sysfs_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	const struct policy_attribute *policy =
		container_of(attr, struct policy_attribute, attr);
	struct vdp_device *dev;
	ssize_t len = -ENODEV;

	vdp_lock();
	dev = vdp_device_find(to_pci_dev(device->parent));
	if (dev && dev->decided)
		len = policy->emit(dev, buf);
	vdp_unlock();
	return len;
}

#define POLICY_ATTRIBUTE(_name, _format, ...)				\
static int sysfs_emit_##_name(const struct vdp_device *dev, char *buf)	\
{									\
	return sysfs_emit(buf, _format "\n", __VA_ARGS__);		\
}									\
static struct policy_attribute attr_##_name = {				\
	.attr = __ATTR(_name, 0444, sysfs_show, NULL),			\
	.emit = sysfs_emit_##_name,						\
}

POLICY_ATTRIBUTE(mode, "%s", vdma_mode_name(dev->decision.mode));
POLICY_ATTRIBUTE(reason, "%s", vdma_reason_name(dev->decision.reason));
POLICY_ATTRIBUTE(window_base, "0x%llx", dev->window.base);
POLICY_ATTRIBUTE(window_size, "0x%llx", dev->window.size);
POLICY_ATTRIBUTE(hcalls, "%llu", dev->hcalls);

static int sysfs_emit_passed_over(const struct vdp_device *dev, char *buf)
{
	char text[VDMA_PASSED_OVER_MAX];

	vdma_passed_over_text(&dev->decision, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}

static struct policy_attribute attr_passed_over = {
	.attr = __ATTR(passed_over, 0444, sysfs_show, NULL),
	.emit = sysfs_emit_passed_over,
};

static struct vdma_bounce_counts sysfs_counts(const struct vdp_device *dev)
{
	struct vdma_bounce_counts counts = { 0 };

	if (!dev->pool)
		return counts;
	vdma_bounce_count(&dev->pool->bounce, &counts);
	counts.full += atomic64_read(&dev->pool->rx_full);
	return counts;
}

POLICY_ATTRIBUTE(pool_bytes, "%llu",
		 dev->pool ? dev->pool->bounce.shared.mem.len : 0);
POLICY_ATTRIBUTE(pool_used_max, "%llu", sysfs_counts(dev).used_max);
POLICY_ATTRIBUTE(pool_full, "%llu", sysfs_counts(dev).full);
POLICY_ATTRIBUTE(bounced_bytes, "%llu", sysfs_counts(dev).in + sysfs_counts(dev).out);

static struct attribute *policy_attrs[] = {
	&attr_mode.attr.attr,
	&attr_reason.attr.attr,
	&attr_passed_over.attr.attr,
	&attr_window_base.attr.attr,
	&attr_window_size.attr.attr,
	&attr_pool_bytes.attr.attr,
	&attr_pool_used_max.attr.attr,
	&attr_pool_full.attr.attr,
	&attr_hcalls.attr.attr,
	&attr_bounced_bytes.attr.attr,
	NULL
};

static const struct attribute_group policy_group = {
	.name = "dma_policy",
	.attrs = policy_attrs,
};

/**
 * vdp_sysfs_add() - add the files of a device
 * @vdev: its virtio device
 *
 * Return: 0 or a negative error.
 */
int vdp_sysfs_add(struct virtio_device *vdev)
{
	return sysfs_create_group(&vdev->dev.kobj, &policy_group);
}

/* Waits for readers, which take the lock: call it without the lock. */
void vdp_sysfs_remove(struct virtio_device *vdev)
{
	sysfs_remove_group(&vdev->dev.kobj, &policy_group);
}
