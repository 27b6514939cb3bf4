// SPDX-License-Identifier: GPL-2.0
/*
 * The common configuration of a virtio function (virtio 1.2, 4.1.4.3).
 */
#include <linux/pci.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <vdma/error.h>
#include <vdma/virtio_pci.h>
#include "vdp.h"

static uint8_t common_config_read8(void *ctx, uint8_t offset)
{
	u8 value;

	pci_read_config_byte(ctx, offset, &value);
	return value;
}

static uint32_t common_config_read32(void *ctx, uint8_t offset)
{
	u32 value;

	pci_read_config_dword(ctx, offset, &value);
	return value;
}

static uint32_t common_read32(void *ctx, uint32_t offset)
{
	return ioread32((void __iomem *)ctx + offset);
}

static void common_write32(void *ctx, uint32_t offset, uint32_t value)
{
	iowrite32(value, (void __iomem *)ctx + offset);
}

/* NULL for a legacy function, and, with a message, if it cannot be mapped. */
static void __iomem *common_map(struct pci_dev *pdev)
{
	const struct vdma_config_space config = {
		.read8 = common_config_read8,
		.read32 = common_config_read32,
		.ctx = pdev,
	};
	struct vdma_region region;
	void __iomem *map;
	int error;

	error = vdma_find_common_cfg(&config, &region);
	if (error) {
		if (error != VDMA_E_NO_COMMON_CFG)
			pci_err(pdev, "cannot find the common configuration: %s; treating it as a legacy device\n",
				vdma_strerror(error));
		return NULL;
	}
	map = pci_iomap_range(pdev, region.bar, region.offset,
			      VDMA_COMMON_CFG_SIZE);
	if (!map)
		pci_err(pdev, "cannot map BAR %u; treating it as a legacy device\n",
			region.bar);
	return map;
}

/**
 * vdp_common_features() - read the features that a function offers
 * @pdev: the function; a legacy one offers none of the bits that matter
 * @vdev: its virtio device, if there is one: then the features of the interface that
 *	  virtio_pci uses
 *
 * Newer kernels have no get_features() in the modern interface.
 *
 * Context: while virtio_pci probes @pdev, or with the lock of its virtio device: it is
 * enabled, and nobody else selects features.
 * Return: the features.
 */
u64 vdp_common_features(struct pci_dev *pdev, struct virtio_device *vdev)
{
	struct vdma_common_cfg cfg = {
		.read32 = common_read32,
		.write32 = common_write32,
	};
	void __iomem *map;
	u64 features;

	if (vdev && vdev->config->get_features)
		return vdev->config->get_features(vdev);
	map = common_map(pdev);
	if (!map)
		return 0;
	cfg.ctx = (void __force *)map;
	features = vdma_read_features(&cfg);
	pci_iounmap(pdev, map);
	return features;
}

/**
 * vdp_common_limit_rings() - limit the size of a device's rings
 * @pdev: a function that has agreed to its features (FEATURES_OK) and has no ring yet
 * @ring_max: returns the maximum number of entries of a ring, 0 for no limit; gets the
 *	      number of rings that the device has, and the ring's number
 * @ctx: passed to @ring_max
 */
void vdp_common_limit_rings(struct pci_dev *pdev,
			    u16 (*ring_max)(const void *ctx, unsigned int rings,
					    unsigned int index),
			    const void *ctx)
{
	void __iomem *map = common_map(pdev);
	u16 i, limit, rings;

	if (!map)
		return;
	rings = ioread16(map + VIRTIO_PCI_COMMON_NUMQ);
	for (i = 0; i < rings; i++) {
		limit = ring_max(ctx, rings, i);
		iowrite16(i, map + VIRTIO_PCI_COMMON_Q_SELECT);
		if (limit && ioread16(map + VIRTIO_PCI_COMMON_Q_SIZE) > limit)
			iowrite16(limit, map + VIRTIO_PCI_COMMON_Q_SIZE);
	}
	pci_iounmap(pdev, map);
}
