// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A test guest's driver for a random number generator whose callback, an interrupt on
 * CPU 1, lasts for seconds, and says whether the device was reset meanwhile. It begins
 * when the machine is about to be powered off: after all that the kernel does that would
 * wait for the interrupt, and just before the functions of syscore_shutdown().
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#define SIZE		64
#define SECONDS		5

static struct virtqueue *queue;
static void *buffer;
static bool begun;

static void callback(struct virtqueue *vq)
{
	struct virtio_device *vdev = vq->vdev;
	ktime_t end = ktime_add_ms(ktime_get(), SECONDS * MSEC_PER_SEC);
	u8 status;

	WRITE_ONCE(begun, true);
	do {
		mdelay(1);
		status = vdev->config->get_status(vdev);
	} while (status && ktime_before(ktime_get(), end));
	pr_warn("slowcb: %s in a callback\n", status ? "not reset" : "reset");
}

static int power_off_prepare(struct sys_off_data *unused)
{
	ktime_t end = ktime_add_ms(ktime_get(), SECONDS * MSEC_PER_SEC);
	struct scatterlist sg;

	sg_init_one(&sg, buffer, SIZE);
	virtqueue_add_inbuf(queue, &sg, 1, buffer, GFP_KERNEL);
	virtqueue_kick(queue);
	while (!READ_ONCE(begun) && ktime_before(ktime_get(), end))
		cpu_relax();
	pr_warn("slowcb: powering off on CPU %u%s\n", raw_smp_processor_id(),
		READ_ONCE(begun) ? " in a callback" : "");
	return NOTIFY_DONE;
}

static int probe(struct virtio_device *vdev)
{
	buffer = kzalloc(SIZE, GFP_KERNEL);
	queue = virtio_find_single_vq(vdev, callback, "input");
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	virtio_device_ready(vdev);
	register_sys_off_handler(SYS_OFF_MODE_POWER_OFF_PREPARE,
				 SYS_OFF_PRIO_DEFAULT, power_off_prepare, NULL);
	return virtqueue_set_affinity(queue, cpumask_of(1));
}

static void remove(struct virtio_device *vdev)
{
}

static const struct virtio_device_id ids[] = {
	{ VIRTIO_ID_RNG, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver driver = {
	.driver.name = KBUILD_MODNAME,
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

/* Loaded once; the machine ends with it. */
static int __init slowcb_init(void)
{
	return register_virtio_driver(&driver);
}

module_init(slowcb_init);
MODULE_DESCRIPTION("A virtio driver with a slow callback, for tests");
MODULE_LICENSE("GPL");
