/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Virtio over PCI: the part that is needed to read a device's features
 */
#ifndef VDMA_VIRTIO_PCI_H
#define VDMA_VIRTIO_PCI_H

#include <vdma/types.h>

/**
 * struct vdma_config_space - access to one function's PCI configuration space
 * @read8: reads a byte
 * @read32: reads a little-endian word at an offset that is a multiple of 4
 * @ctx: passed to both
 */
struct vdma_config_space {
	uint8_t (*read8)(void *ctx, uint8_t offset);
	uint32_t (*read32)(void *ctx, uint8_t offset);
	void *ctx;
};

/**
 * struct vdma_region - part of a memory BAR
 * @bar: number of the BAR, 0 to 5
 * @offset: from its start, in bytes
 * @length: in bytes
 */
struct vdma_region {
	uint8_t bar;
	uint32_t offset;
	uint32_t length;
};

/* Virtio 1.2, 4.1.4: cfg_type of a structure */
#define VDMA_PCI_CFG_COMMON	1
#define VDMA_PCI_CFG_NOTIFY	2
#define VDMA_PCI_CFG_ISR	3
#define VDMA_PCI_CFG_DEVICE	4

/**
 * struct vdma_structure - a structure to look for
 * @type: its cfg_type
 * @align: alignment of its offset, a power of two
 * @length: minimum length in bytes
 */
struct vdma_structure {
	uint8_t type;
	uint8_t align;
	uint32_t length;
};

/* Virtio 1.2, 4.1.4.3: struct virtio_pci_common_cfg up to queue_device, in bytes */
#define VDMA_COMMON_CFG_SIZE	56

/**
 * struct vdma_common_cfg - access to a mapped common configuration
 * @read32: reads a register of struct virtio_pci_common_cfg
 * @write32: writes a register
 * @ctx: passed to both
 *
 * Virtio 1.2, 4.1.4.3; registers are little endian, the accessors convert.
 */
struct vdma_common_cfg {
	uint32_t (*read32)(void *ctx, uint32_t offset);
	void (*write32)(void *ctx, uint32_t offset, uint32_t value);
	void *ctx;
};

/**
 * vdma_is_virtio() - test whether a PCI function is a virtio device
 * @vendor: PCI vendor ID
 * @device: PCI device ID, transitional or modern
 */
bool vdma_is_virtio(uint16_t vendor, uint16_t device);

/**
 * vdma_find_structure() - find a structure of a virtio function
 * @config: its configuration space
 * @want: the region to find
 * @region: where it is, on success
 * @where: offset of its capability, on success
 *
 * Finds the first usable structure in the order of the capability list (virtio 1.2,
 * 4.1.4). Reads at most the 48 capabilities that fit.
 *
 * Return: VDMA_OK; VDMA_E_NOT_FOUND; VDMA_E_BAD_CAPS if the list leaves the
 * configuration space or does not end.
 */
int vdma_find_structure(const struct vdma_config_space *config,
			const struct vdma_structure *want,
			struct vdma_region *region, uint8_t *where);

/**
 * vdma_find_common_cfg() - find the common configuration of a virtio function
 * @config: its configuration space
 * @region: filled in on success
 *
 * Return: VDMA_OK; VDMA_E_NO_COMMON_CFG for a legacy device; VDMA_E_BAD_CAPS
 * as vdma_find_structure().
 */
int vdma_find_common_cfg(const struct vdma_config_space *config,
			 struct vdma_region *region);

/**
 * vdma_read_features() - read the 64 feature bits that a device offers
 * @cfg: its common configuration
 *
 * Restores device_feature_select. Must not run while a driver reads features of the same
 * device.
 *
 * Return: the feature bits (virtio 1.2, 4.1.4.3, device_feature).
 */
uint64_t vdma_read_features(const struct vdma_common_cfg *cfg);

#endif /* VDMA_VIRTIO_PCI_H */
