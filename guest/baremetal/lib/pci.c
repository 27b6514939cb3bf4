// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * PCI functions, found in the device tree. Firmware has assigned BARs and opened
 * bridges.
 */
#include <libfdt.h>
#include <vdma/abi.h>
#include "console.h"
#include "of.h"
#include "pci.h"
#include "rtas.h"
#include "tree.h"

#define CONFIG_COMMAND		0x04
#define COMMAND_MEMORY		0x2
#define COMMAND_MASTER		0x4
#define CONFIG_BAR		0x10

/* IEEE 1275 PCI binding, 2.2.1.1: space code of the first address cell */
#define SPACE(cell)		((cell) >> 24 & 3)
#define SPACE_MEMORY32		2
/* An entry of "ranges" of a PHB: 3 cells of PCI, 2 of memory, 2 of size */
#define RANGE_CELLS		7
/* An entry of "assigned-addresses": 3 cells of PCI, 2 of size */
#define ASSIGNED_CELLS		5
#define ASSIGNED_BAR(cell)	(((cell) & 0xff) / 4 - CONFIG_BAR / 4)

static struct pci_function functions[PCI_FUNCTIONS];
static unsigned int found;

unsigned int pci_count(void)
{
	return found;
}

struct pci_function *pci_function(unsigned int index)
{
	return &functions[index];
}

uint32_t pci_read(const struct vdma_function *fn, uint8_t offset,
		  unsigned int bytes)
{
	uint32_t args[4] = { fn->config_addr | offset,
			     (uint32_t)(fn->buid >> 32), (uint32_t)fn->buid,
			     bytes };
	uint32_t value;

	/* A failed read returns all ones, as on PCI. */
	if (rtas_call(rtas_token("ibm,read-pci-config"), args, 4, &value, 2))
		return ~0u;
	return value;
}

void pci_write(const struct vdma_function *fn, uint8_t offset,
	       unsigned int bytes, uint32_t value)
{
	uint32_t args[5] = { fn->config_addr | offset,
			     (uint32_t)(fn->buid >> 32), (uint32_t)fn->buid,
			     bytes, value };

	if (rtas_call(rtas_token("ibm,write-pci-config"), args, 5, NULL, 1))
		bail_out("PCI %lx:%x: cannot write config 0x%x", fn->buid,
			 fn->config_addr, offset);
}

/* Translates a PCI address to a guest physical one; 0 if the PHB has no such range. */
static uint64_t pci_translate(int phb, unsigned int space, uint64_t pci)
{
	int len, i;
	const uint32_t *r = fdt_getprop(of_tree(), phb, "ranges", &len);

	for (i = 0; r && (i + 1) * RANGE_CELLS * 4 <= len; i++) {
		const uint32_t *e = r + i * RANGE_CELLS;
		uint64_t base = tree_u64(e, 1), size = tree_u64(e, 5);

		if (SPACE(tree_u32(e, 0)) >= SPACE_MEMORY32 &&
		    space >= SPACE_MEMORY32 && pci >= base &&
		    pci - base < size)
			return tree_u64(e, 3) + (pci - base);
	}
	return 0;
}

static void pci_read_bars(struct pci_function *f)
{
	int len, i;
	const uint32_t *a = fdt_getprop(of_tree(), f->node,
					"assigned-addresses", &len);

	for (i = 0; a && (i + 1) * ASSIGNED_CELLS * 4 <= len; i++) {
		const uint32_t *e = a + i * ASSIGNED_CELLS;
		uint32_t bar = ASSIGNED_BAR(tree_u32(e, 0));

		if (bar >= PCI_BARS ||
		    SPACE(tree_u32(e, 0)) < SPACE_MEMORY32)
			continue;
		f->bar[bar].address = pci_translate(f->phb, SPACE(tree_u32(e, 0)),
						    tree_u64(e, 1));
		f->bar[bar].len = tree_u64(e, 3);
	}
}

static void pci_add_function(int phb, uint64_t buid, int node)
{
	struct pci_function *f = &functions[found];
	const uint32_t *reg = tree_cells(node, "reg", 1);

	if (!reg || !tree_cells(node, "vendor-id", 1))
		return;
	if (found == PCI_FUNCTIONS)
		bail_out("more than %u PCI functions", PCI_FUNCTIONS);
	found++;
	f->node = node;
	f->phb = phb;
	f->fn.buid = buid;
	f->fn.config_addr = tree_u32(reg, 0) & 0xffff00;
	f->vendor = (uint16_t)tree_cell(node, "vendor-id", 0);
	f->device = (uint16_t)tree_cell(node, "device-id", 0);
	pci_read_bars(f);
	pci_write(&f->fn, CONFIG_COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER |
		  pci_read(&f->fn, CONFIG_COMMAND, 2));
}

/* Adds all functions below a PHB and its bridges. */
static void pci_add_phb(int phb)
{
	uint64_t buid = tree_u64(tree_cells(phb, "reg", 2), 0);
	int node = phb, depth = 0;

	while ((node = fdt_next_node(of_tree(), node, &depth)) >= 0 &&
	       depth > 0)
		pci_add_function(phb, buid, node);
}

void pci_init(void)
{
	int phb = -1;

	while ((phb = fdt_node_offset_by_compatible(of_tree(), phb,
						    "IBM,Logical_PHB")) >= 0)
		pci_add_phb(phb);
}

enum vdma_property pci_bypass_property(const struct pci_function *pci,
				       struct vdma_window *window)
{
	int len;
	const void *cells = fdt_getprop(of_tree(), pci->node, VDMA_PROP_NAME,
					&len);

	return vdma_property_read(cells, cells ? (size_t)len : 0, window);
}
