// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for virtio's entropy device. tests/run/test_bisect.py breaks it in one commit
 * and has git find that.
 */
#include <linux/completion.h>
#include <linux/hw_random.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#define RNG_BYTES	128

struct rng {
	struct hwrng hwrng;
	struct virtqueue *queue;
	struct completion filled;
	unsigned int length;
	u8 *data;
};

static void rng_done(struct virtqueue *queue)
{
	struct rng *rng = queue->vdev->priv;

	if (virtqueue_get_buf(queue, &rng->length))
		complete(&rng->filled);
}

static int rng_read(struct hwrng *hwrng, void *to, size_t size, bool wait)
{
	struct rng *rng = container_of(hwrng, struct rng, hwrng);
	struct scatterlist list;

	if (!wait)
		return 0;
	reinit_completion(&rng->filled);
	sg_init_one(&list, rng->data, RNG_BYTES);
	if (virtqueue_add_inbuf(rng->queue, &list, 1, rng, GFP_KERNEL))
		return -EIO;
	virtqueue_kick(rng->queue);
	wait_for_completion(&rng->filled);
	size = min_t(size_t, size, rng->length);
	memcpy(to, rng->data, size);
	return size;
}

static int rng_probe(struct virtio_device *vdev)
{
	struct rng *rng = devm_kzalloc(&vdev->dev, sizeof(*rng), GFP_KERNEL);

	if (!rng)
		return -ENOMEM;
	/* the device writes to it: it shares no cache line */
	rng->data = devm_kzalloc(&vdev->dev, RNG_BYTES, GFP_KERNEL);
	if (!rng->data)
		return -ENOMEM;
	init_completion(&rng->filled);
	rng->hwrng.name = "virtio_rng.0";
	rng->hwrng.read = rng_read;
	rng->hwrng.quality = 1000;
	vdev->priv = rng;
	rng->queue = virtio_find_single_vq(vdev, rng_done, "input");
	return PTR_ERR_OR_ZERO(rng->queue);
}

static void rng_scan(struct virtio_device *vdev)
{
	struct rng *rng = vdev->priv;

	if (hwrng_register(&rng->hwrng))
		dev_err(&vdev->dev, "cannot register\n");
}

static void rng_remove(struct virtio_device *vdev)
{
	struct rng *rng = vdev->priv;

	hwrng_unregister(&rng->hwrng);
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static const struct virtio_device_id rng_ids[] = {
	{ VIRTIO_ID_RNG, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver rng_driver = {
	.driver.name = "virtio_rng",
	.id_table = rng_ids,
	.probe = rng_probe,
	.scan = rng_scan,
	.remove = rng_remove,
};
module_virtio_driver(rng_driver);

MODULE_DEVICE_TABLE(virtio, rng_ids);
MODULE_DESCRIPTION("Virtio entropy driver of a test");
MODULE_LICENSE("GPL");
