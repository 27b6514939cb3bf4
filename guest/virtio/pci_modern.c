// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The modern PCI transport: recognizes virtio functions, and finds their structures in the
 * capability list.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/virtio_pci.h>
#include "pci_regs.h"

/* PCI Local Bus 3.0, 6.1 and 6.7 */
#define PCI_STATUS_AND_COMMAND	0x04
#define STATUS_CAP_LIST		(1u << (16 + 4))
#define PCI_CAP_POINTER		0x34
#define CAP_FIRST		0x40
#define CAP_MOST		((0x100 - CAP_FIRST) / 4)
#define CAP_ID			0
#define CAP_NEXT		1
#define CAP_ID_VENDOR		0x09
#define BAR_FIRST		0x10
#define BAR_IO			0x1u
#define BAR_COUNT		6

bool vdma_is_virtio(uint16_t vendor, uint16_t device)
{
	return vendor == VDMA_PCI_VENDOR_VIRTIO &&
	       device >= VDMA_PCI_TRANSITIONAL_FIRST &&
	       device <= VDMA_PCI_MODERN_LAST;
}

/*
 * 4.1.4.1: a driver ignores structures with a reserved BAR number. This also ignores those
 * in an I/O BAR; QEMU and hardware use memory BARs.
 */
static bool pci_read_structure(const struct vdma_config_space *c, uint8_t cap,
			       const struct vdma_structure *want,
			       struct vdma_region *region)
{
	uint8_t bar;

	if (cap > 0x100 - VIRTIO_CAP_SIZE ||
	    c->read8(c->ctx, cap + CAP_ID) != CAP_ID_VENDOR ||
	    c->read8(c->ctx, cap + VIRTIO_CAP_CFG_TYPE) != want->type)
		return false;
	bar = c->read8(c->ctx, cap + VIRTIO_CAP_BAR);
	if (bar >= BAR_COUNT ||
	    c->read32(c->ctx, (uint8_t)(BAR_FIRST + 4 * bar)) & BAR_IO)
		return false;
	region->bar = bar;
	region->offset = c->read32(c->ctx, cap + VIRTIO_CAP_OFFSET);
	region->length = c->read32(c->ctx, cap + VIRTIO_CAP_LENGTH);
	return region->length >= want->length &&
	       !(region->offset & (want->align - 1)) &&
	       region->offset <= 0xffffffffu - region->length;
}

int vdma_find_structure(const struct vdma_config_space *config,
			const struct vdma_structure *want,
			struct vdma_region *region, uint8_t *where)
{
	unsigned int left;
	uint8_t cap;

	if (!(config->read32(config->ctx, PCI_STATUS_AND_COMMAND) &
	      STATUS_CAP_LIST))
		return VDMA_E_NOT_FOUND;

	cap = config->read8(config->ctx, PCI_CAP_POINTER) & ~3;
	for (left = CAP_MOST; cap && left; left--) {
		if (cap < CAP_FIRST)
			return VDMA_E_BAD_CAPS;
		*where = cap;
		if (pci_read_structure(config, cap, want, region))
			return VDMA_OK;
		cap = config->read8(config->ctx, cap + CAP_NEXT) & ~3;
	}
	return cap ? VDMA_E_BAD_CAPS : VDMA_E_NOT_FOUND;
}

int vdma_find_common_cfg(const struct vdma_config_space *config,
			 struct vdma_region *region)
{
	static const struct vdma_structure common = {
		.type = VDMA_PCI_CFG_COMMON,
		.length = VDMA_COMMON_CFG_SIZE,
		.align = 4,
	};
	uint8_t where;
	int error = vdma_find_structure(config, &common, region, &where);

	return error == VDMA_E_NOT_FOUND ? VDMA_E_NO_COMMON_CFG : error;
}
