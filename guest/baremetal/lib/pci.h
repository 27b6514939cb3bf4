/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* PCI functions */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <vdma/hcall.h>
#include <vdma/virtio_pci.h>
#include <vdma/window.h>
#include "base.h"

#define PCI_FUNCTIONS	64
#define PCI_BARS	6

/* struct pci_bar - an assigned memory BAR; length 0: none */
struct pci_bar {
	uint64_t address;
	uint64_t len;
};

/**
 * struct pci_function - a function that firmware has configured
 * @node: its node in the device tree
 * @phb: node of its PHB
 * @fn: as PAPR names it
 * @vendor: PCI vendor ID
 * @device: PCI device ID
 * @bar: BARs by number; addresses are guest physical
 */
struct pci_function {
	int node;
	int phb;
	struct vdma_function fn;
	uint16_t vendor;
	uint16_t device;
	struct pci_bar bar[PCI_BARS];
};

/* pci_init() - find all functions and enable memory decoding and bus mastering */
void pci_init(void);
unsigned int pci_count(void);
struct pci_function *pci_function(unsigned int index);
uint32_t pci_read(const struct vdma_function *fn, uint8_t offset,
		  unsigned int bytes);
void pci_write(const struct vdma_function *fn, uint8_t offset,
	       unsigned int bytes, uint32_t value);

/* pci_bypass_property() - read a function's "qemu,dma-bypass" */
enum vdma_property pci_bypass_property(const struct pci_function *pci,
				       struct vdma_window *window);

#endif /* GUEST_PCI_H */
