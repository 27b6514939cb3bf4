// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: drivers that keep a ring filled with buffers to receive into. QEMU
 * has rings of 1024 entries, and a console's driver puts a page into each: with
 * pages of 64 KiB two such rings would need a pool of 128 MiB. So rings are cut
 * before the driver sees them, to what leaves room for other things.
 */
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_pci.h>
#include <vdma/abi.h>
#include "pool.h"
#include "vdp.h"

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

/* Entries of a ring that @rings of which may fill half of the pool. */
static u16 entries(const struct vdp_device *dev, unsigned int rings, u64 buffer)
{
	u64 half = dev->pool->bounce.share.mem.len / 2;
	u64 most = max_t(u64, half / rings / buffer, 1);

	return clamp_t(u64, rounddown_pow_of_two(most), 16, 1024);
}

/* 0: as many as the device offers. @rings: how many rings it has in all. */
static u16 ring_max(const struct vdp_device *dev, unsigned int rings)
{
	switch (vdp_virtio_id(dev->pdev)) {
	case VIRTIO_ID_CONSOLE:
		/* One for control, and three ports in use. */
		return entries(dev, 4, PAGE_SIZE);
	case VIRTIO_ID_NET:
		/* It stops sending unless there is room for a frame in pieces. */
		return max_t(u16, entries(dev, max(rings / 2, 1u), SZ_2K), 64);
	default:
		return 0;
	}
}

/**
 * vdp_rings_limit() - cut the rings of a device in mode bounce
 * @dev: the record of a device whose features are negotiated, and which has no
 *	 ring yet
 */
void vdp_rings_limit(struct vdp_device *dev)
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
 * vdp_rings_receive_max() - how much of a pool may be waiting to be received into
 * @pdev: the device
 * @size: of its pool, in bytes
 *
 * A network card's buffers grow with what it receives, up to 64 KiB each; without
 * a limit it could no longer send.
 *
 * Return: bytes of the pool in use beyond which nothing is mapped that the device
 * only writes.
 */
u64 vdp_rings_receive_max(const struct pci_dev *pdev, u64 size)
{
	return vdp_virtio_id(pdev) == VIRTIO_ID_NET ? size / 4 * 3 : size;
}
