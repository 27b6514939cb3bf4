// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * From a PCI identifier to the virtio device type (virtio 1.2, 4.1.2 and 5) and
 * to the name that Linux's driver for it has.
 */
#include <stdio.h>
#include <vdma/abi.h>
#include "vdmactl.h"

static const char * const drivers[] = {
	[1] = "virtio_net",
	[2] = "virtio_blk",
	[3] = "virtio_console",
	[4] = "virtio_rng",
	[5] = "virtio_balloon",
	[8] = "virtio_scsi",
	[9] = "9pnet_virtio",
	[16] = "virtio_gpu",
	[18] = "virtio_input",
	[19] = "virtio_vsock",
	[20] = "virtio_crypto",
	[23] = "virtio_iommu",
	[24] = "virtio_mem",
	[26] = "virtiofs",
	[27] = "virtio_pmem",
};

/* Transitional identifiers have an order of their own. */
static const uint8_t transitional[] = { 1, 2, 5, 3, 8, 4, 0, 0, 0, 9 };

void pci_address(const struct vdma_dt_function *fn, char *buf, size_t size)
{
	unsigned int devfn =
		fn->config_addr >> VDMA_CONFIG_ADDR_DEVFN_SHIFT & 0xff;

	snprintf(buf, size, "%04x:%02x:%02x.%x", fn->domain,
		 fn->config_addr >> VDMA_CONFIG_ADDR_BUS_SHIFT & 0xff,
		 devfn >> 3, devfn & 7);
}

void driver_name(const struct vdma_dt_function *fn, char *buf, size_t size)
{
	unsigned int type = 0;

	if (!fn->virtio) {
		snprintf(buf, size, "%04x:%04x", fn->vendor, fn->device);
		return;
	}
	if (!fn->transitional)
		type = fn->device - VDMA_PCI_MODERN_FIRST;
	else if (fn->device - VDMA_PCI_TRANSITIONAL_FIRST <
		 (int)sizeof(transitional))
		type = transitional[fn->device - VDMA_PCI_TRANSITIONAL_FIRST];

	if (type < sizeof(drivers) / sizeof(*drivers) && drivers[type])
		snprintf(buf, size, "%s", drivers[type]);
	else
		snprintf(buf, size, "virtio:%04x", fn->device);
}
