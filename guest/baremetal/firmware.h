/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Firmware, the device tree that it leaves, RTAS, and PCI functions. */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vdma/hcall.h>
#include <vdma/virtio_pci.h>
#include <vdma/window.h>

#include "attributes.h"

/* head.S */
uint64_t be_call(uint64_t function, uint64_t argument);
void secondary_entry(void);

/* of.c: the client interface (IEEE 1275, 6.3), while there is firmware. */

/**
 * of_take_over() - take from firmware what it has, and end it
 * @client_interface: what firmware was entered with in r5
 *
 * Instantiates RTAS and fetches the device tree as firmware has completed it.
 * Its memory, and the vectors at 0, are ours afterwards.
 */
void of_take_over(uint64_t client_interface);

/* of_die() - before there is a console: say it through firmware, and end. */
void of_die(const char *text) __noreturn;

/* of_tree() - the flattened device tree */
const void *of_tree(void);
/* of_rtas() - real address of RTAS */
uint64_t of_rtas(void);

/* tree.c: the device tree; everything missing that must be there is the end. */

/* tree_string() - a string of a node, or @otherwise */
const char *tree_string(int node, const char *name, const char *otherwise);
/* tree_cells() - a property's cells; NULL if it has less than @count */
const uint32_t *tree_cells(int node, const char *name, size_t count);
/* tree_cell() - one cell in the CPU's byte order; bails out if not there */
uint32_t tree_cell(int node, const char *name, size_t index);
/* tree_u64() - two cells, the first is number @index */
uint64_t tree_u64(const uint32_t *cells, size_t index);
uint32_t tree_u32(const uint32_t *cells, size_t index);

const char *tree_bootargs(void);
uint32_t tree_console(void);
uint32_t tree_timebase(void);
/* tree_cpus() - hardware numbers of all CPUs; returns how many */
unsigned int tree_cpus(uint32_t *ids, unsigned int max);
/* tree_memory() - call @add for each range of memory */
void tree_memory(void (*add)(uint64_t start, uint64_t end));
/* tree_has_hypertas() - is a name in "ibm,hypertas-functions"? */
bool tree_has_hypertas(const char *name);

/* rtas.c */

/**
 * rtas_token() - token of an RTAS function
 *
 * Return: the token; 0 if this RTAS has not got it.
 */
uint32_t rtas_token(const char *name);

/**
 * rtas_call() - call RTAS (LoPAR 7.2)
 * @token: what to do
 * @args: arguments
 * @nargs: how many, at most 8
 * @rets: results behind the status, or NULL
 * @nrets: how many, status included, at most 8
 *
 * One CPU at a time; waits while RTAS is busy.
 *
 * Return: the status.
 */
int rtas_call(uint32_t token, const uint32_t *args, unsigned int nargs,
	      uint32_t *rets, unsigned int nrets);

void power_off(void) __noreturn;
/* system_reboot() - a reset of the whole machine; then firmware boots it again */
void system_reboot(void) __noreturn;
/* rtas_start_cpu() - returns the status */
int rtas_start_cpu(uint32_t hw_id, uint64_t entry, uint64_t r3);

/* pci.c */

#define PCI_FUNCTIONS	64
#define PCI_BARS	6

/* struct pci_bar - an assigned memory BAR; length 0: none */
struct pci_bar {
	uint64_t address;
	uint64_t len;
};

/**
 * struct pci_function - a function that firmware has found and configured
 * @node: its node in the device tree
 * @phb: node of its PHB
 * @fn: as PAPR names it
 * @vendor: PCI vendor ID
 * @device: PCI device ID
 * @bar: by number; addresses are guest physical
 */
struct pci_function {
	int node;
	int phb;
	struct vdma_function fn;
	uint16_t vendor;
	uint16_t device;
	struct pci_bar bar[PCI_BARS];
};

/* pci_init() - find all functions, and let them decode memory and do DMA */
void pci_init(void);
unsigned int pci_count(void);
struct pci_function *pci_function(unsigned int index);
uint32_t pci_read(const struct vdma_function *fn, uint8_t offset,
		  unsigned int bytes);
void pci_write(const struct vdma_function *fn, uint8_t offset,
	       unsigned int bytes, uint32_t value);

#endif /* GUEST_FIRMWARE_H */
