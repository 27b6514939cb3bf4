// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: has a driver ask for no more at a time than its pool can hold.
 *
 * A request is mapped as a whole. If it never fits, the block layer tries it again
 * for ever, and the host could have a secure guest do that. So drivers are shown
 * lower limits than the device has: in the device's configuration, in the longest
 * mapping, and in its rings.
 *
 * Rings are also cut for drivers that keep them filled with buffers to receive into.
 * QEMU has rings of 1024 entries, and a console's driver puts a page into each: with
 * pages of 64 KiB two such rings would need a pool of 128 MiB.
 */
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>
#include <vdma/abi.h>
#include "pool.h"
#include "vdp.h"

/* net/9p/trans_virtio.c, VIRTQUEUE_NUM: a request has so many buffers at most */
#define P9_BUFFERS	128

/* A disk's request may have so many mappings, if each of them has a page. */
#define BLK_MAPPINGS	128

/**
 * vdp_virtio_id() - kind of a virtio function
 * @pdev: the function, transitional or modern
 *
 * Return: a number of linux/virtio_ids.h (virtio 1.2, 4.1.2.1).
 */
unsigned int vdp_virtio_id(const struct pci_dev *pdev)
{
	return pdev->device < VDMA_PCI_MODERN_FIRST ?
	       pdev->subsystem_device : pdev->device - VDMA_PCI_MODERN_FIRST;
}

/**
 * vdp_limits_pool() - size that a device's pool has by default
 * @pdev: the device
 *
 * A console's driver receives into whole pages, a graphics card shows what is in
 * its pool, and a ring full of 9p's buffers has to fit.
 *
 * Return: bytes, a multiple of VDMA_UV_PAGE_SIZE.
 */
u64 vdp_limits_pool(const struct pci_dev *pdev)
{
	switch (vdp_virtio_id(pdev)) {
	case VIRTIO_ID_CONSOLE:
		return max_t(u64, VDMA_BOUNCE_SIZE, 256 * PAGE_SIZE);
	case VIRTIO_ID_9P:
		return max_t(u64, VDMA_BOUNCE_SIZE, 2 * P9_BUFFERS * PAGE_SIZE);
	case VIRTIO_ID_GPU:
		return SZ_16M;
	default:
		return VDMA_BOUNCE_SIZE;
	}
}

/*
 * The longest request with a pool of @size bytes. The rest is for rings, for what
 * is rounded up, and for other requests.
 */
static u64 request_max(u64 size)
{
	return size / 3 * 2;
}

/**
 * vdp_limits_mapping() - longest mapping that a device's driver may make
 * @pdev: the device
 * @size: of its pool, in bytes
 *
 * A disk's driver knows no limit for a request as a whole, but for the number of its
 * mappings and for each of them. The block layer wants at least a page.
 *
 * Return: bytes, or 0 for the library's own limit.
 */
u64 vdp_limits_mapping(const struct pci_dev *pdev, u64 size)
{
	u64 mapping = rounddown_pow_of_two(request_max(size) / BLK_MAPPINGS);

	if (vdp_virtio_id(pdev) != VIRTIO_ID_BLOCK)
		return 0;
	return clamp_t(u64, mapping, PAGE_SIZE, VDMA_BOUNCE_MAX_LEN);
}

/* A number of 32 bits in a device's configuration (virtio 1.2, 5.2.4 and 5.6.4) */
struct limit {
	unsigned int offset;
	u64 max;
};

/* The number by which a driver makes its requests fit, if there is one */
static bool limit_of(const struct vdp_device *dev, struct limit *limit)
{
	const struct vdma_bounce *b = &dev->pool->bounce;
	u64 most = request_max(b->share.mem.len);

	switch (vdp_virtio_id(dev->pdev)) {
	case VIRTIO_ID_BLOCK:
		limit->offset = offsetof(struct virtio_blk_config, seg_max);
		limit->max = most / b->domain.max_len;
		return true;
	case VIRTIO_ID_SCSI:
		limit->offset = offsetof(struct virtio_scsi_config,
					 max_sectors);
		limit->max = most / SZ_512;
		return true;
	default:
		return false;
	}
}

/**
 * vdp_limits_config() - lower what a driver has read from the configuration
 * @dev: the record of a device in mode bounce
 * @vdev: its virtio device, which has VERSION_1
 * @offset: where the driver has read
 * @buf: what it has read
 * @len: how much, in bytes
 */
void vdp_limits_config(struct vdp_device *dev, struct virtio_device *vdev,
		       unsigned int offset, void *buf, unsigned int len)
{
	unsigned int from, to;
	struct limit limit;
	__le32 value;

	if (!limit_of(dev, &limit))
		return;
	from = max(offset, limit.offset);
	to = min(offset + len, limit.offset + (unsigned int)sizeof(value));
	if (from >= to)
		return;
	dev->config.original->get(vdev, limit.offset, &value, sizeof(value));
	value = cpu_to_le32(min_t(u64, le32_to_cpu(value), limit.max));
	memcpy(buf + (from - offset), (char *)&value + (from - limit.offset),
	       to - from);
}

/**
 * vdp_limits_features() - do without a feature, so that a limit holds
 * @dev: the record of a device in mode bounce
 * @vdev: its virtio device, whose features are being negotiated
 *
 * 9p gives up a request that it cannot map, and waits while the ring is full. With
 * each buffer in a descriptor of the ring, this comes first.
 */
void vdp_limits_features(struct vdp_device *dev, struct virtio_device *vdev)
{
	if (vdp_virtio_id(dev->pdev) == VIRTIO_ID_9P)
		__virtio_clear_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC);
}

/* Entries of a ring that @rings of which may fill half of a pool of @size bytes */
static u16 entries(u64 size, unsigned int rings, u64 buffer)
{
	u64 most = max_t(u64, size / 2 / rings / buffer, 1);

	return clamp_t(u64, rounddown_pow_of_two(most), 16, 1024);
}

/* 0: as many as the device offers. @rings: how many rings it has in all. */
static u16 ring_max(const struct vdp_device *dev, unsigned int rings)
{
	u64 size = dev->pool->bounce.share.mem.len;

	switch (vdp_virtio_id(dev->pdev)) {
	case VIRTIO_ID_CONSOLE:
		/* One for control, and three ports in use. */
		return entries(size, 4, PAGE_SIZE);
	case VIRTIO_ID_NET:
		/* It stops sending unless there is room for a frame in pieces. */
		return max_t(u16, entries(size, max(rings / 2, 1u), SZ_2K), 64);
	case VIRTIO_ID_FS:
		/* Its driver puts no more pages into a request than entries. */
		return entries(size, 1, PAGE_SIZE);
	case VIRTIO_ID_9P:
		return P9_BUFFERS;
	default:
		return 0;
	}
}

/**
 * vdp_limits_rings() - cut the rings of a device in mode bounce
 * @dev: the record of a device that has agreed to its features (FEATURES_OK), and
 *	 has no ring yet
 */
void vdp_limits_rings(struct vdp_device *dev)
{
	void __iomem *common = vdp_facts_map(dev);
	u16 i, max, rings;

	if (!common)
		return;
	rings = ioread16(common + VIRTIO_PCI_COMMON_NUMQ);
	max = ring_max(dev, rings);
	for (i = 0; max && i < rings; i++) {
		iowrite16(i, common + VIRTIO_PCI_COMMON_Q_SELECT);
		if (ioread16(common + VIRTIO_PCI_COMMON_Q_SIZE) > max)
			iowrite16(max, common + VIRTIO_PCI_COMMON_Q_SIZE);
	}
	pci_iounmap(dev->pdev, common);
}

/**
 * vdp_limits_receive_max() - how much of a pool may be waiting to be received into
 * @pdev: the device
 * @size: of its pool, in bytes
 *
 * A network card's buffers grow with what it receives, up to 64 KiB each; without
 * a limit it could no longer send.
 *
 * Return: bytes; U64_MAX without a limit.
 */
u64 vdp_limits_receive_max(const struct pci_dev *pdev, u64 size)
{
	return vdp_virtio_id(pdev) == VIRTIO_ID_NET ? size / 4 * 3 : U64_MAX;
}
