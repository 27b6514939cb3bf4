// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A virtio device without a bus, and a driver for it: the kernels that are tested have
 * no real one on pseries. It does nothing; the question is whether the driver gets it.
 */
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

/* Beyond all kinds of device that there are (virtio 1.2, 5) */
#define ID_FOREIGN	0xfffe

static bool f;
module_param(f, bool, 0);
MODULE_PARM_DESC(f, "the device offers ACCESS_PLATFORM");

static bool clear;
module_param(clear, bool, 0);
MODULE_PARM_DESC(clear, "the driver clears it, as the balloon's does");

static u8 status;

static u64 get_features(struct virtio_device *vdev)
{
	return BIT_ULL(VIRTIO_F_VERSION_1) |
	       (f ? BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) : 0);
}

static int finalize_features(struct virtio_device *vdev)
{
	return 0;
}

static u8 get_status(struct virtio_device *vdev)
{
	return status;
}

static void set_status(struct virtio_device *vdev, u8 value)
{
	status = value;
}

static void reset(struct virtio_device *vdev)
{
	status = 0;
}

static const struct virtio_config_ops ops = {
	.get_features = get_features,
	.finalize_features = finalize_features,
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
};

static void parent_release(struct device *dev)
{
}

static struct device parent = {
	.init_name = "foreign",
	.release = parent_release,
};

static void device_release(struct device *dev)
{
}

static struct virtio_device device = {
	.config = &ops,
	.id.device = ID_FOREIGN,
	.dev = {
		.parent = &parent,
		.release = device_release,
	},
};

static int validate(struct virtio_device *vdev)
{
	if (clear)
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

static int probe(struct virtio_device *vdev)
{
	pr_warn("foreign: the driver has the device, ACCESS_PLATFORM %d\n",
		virtio_has_feature(vdev, VIRTIO_F_ACCESS_PLATFORM));
	return 0;
}

static void remove(struct virtio_device *vdev)
{
}

static const struct virtio_device_id ids[] = { { ID_FOREIGN, VIRTIO_DEV_ANY_ID }, { 0 } };

static struct virtio_driver driver = {
	.driver.name = KBUILD_MODNAME,
	.id_table = ids,
	.validate = validate,
	.probe = probe,
	.remove = remove,
};

static int __init foreign_init(void)
{
	int error = register_virtio_driver(&driver);

	if (error)
		return error;
	error = device_register(&parent);
	if (!error)
		error = register_virtio_device(&device);
	return error;
}

/* Loaded once; what it has registered stays. */
module_init(foreign_init);
MODULE_DESCRIPTION("A virtio device without a bus, for tests");
MODULE_LICENSE("GPL");
