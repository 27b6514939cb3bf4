// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Accessors for the library: configuration space through RTAS, BARs by loads and
 * stores, little endian.
 */
#include "console.h"
#include "pci.h"
#include "registers.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOAD2	"lhzx"
#define LOAD4	"lwzx"
#define STORE2	"sthx"
#define STORE4	"stwx"
#else
#define LOAD2	"lhbrx"
#define LOAD4	"lwbrx"
#define STORE2	"sthbrx"
#define STORE4	"stwbrx"
#endif

static uint8_t registers_config_read8(void *ctx, uint8_t offset)
{
	const struct pci_function *pci = ctx;

	return (uint8_t)pci_read(&pci->fn, offset, 1);
}

static uint32_t registers_config_read32(void *ctx, uint8_t offset)
{
	const struct pci_function *pci = ctx;

	return pci_read(&pci->fn, offset, 4);
}

static uint64_t registers_address(const struct pci_function *pci, uint8_t bar,
				  uint64_t offset, unsigned int size)
{
	if (bar >= PCI_BARS || !pci->bar[bar].address ||
	    offset + size > pci->bar[bar].len)
		bail_out("PCI %x: register 0x%lx is not in BAR %u",
			 pci->fn.config_addr, offset, bar);
	return pci->bar[bar].address + offset;
}

/* Nothing after the load starts before it completes (Power ISA 3.1, II 1.7). */
static uint32_t registers_bar_read(void *ctx, uint8_t bar, uint64_t offset,
				   unsigned int size)
{
	uint64_t at = registers_address(ctx, bar, offset, size);
	uint32_t value;

	switch (size) {
	case 1:
		asm volatile("sync; lbzx %0,0,%1" : "=r"(value) : "r"(at) :
			     "memory");
		break;
	case 2:
		asm volatile("sync; " LOAD2 " %0,0,%1" : "=r"(value) :
			     "r"(at) : "memory");
		break;
	default:
		asm volatile("sync; " LOAD4 " %0,0,%1" : "=r"(value) :
			     "r"(at) : "memory");
		break;
	}
	asm volatile("twi 0,%0,0; isync" : : "r"(value) : "memory");
	return value;
}

static void registers_bar_write(void *ctx, uint8_t bar, uint64_t offset,
				unsigned int size, uint32_t value)
{
	uint64_t at = registers_address(ctx, bar, offset, size);

	switch (size) {
	case 1:
		asm volatile("sync; stbx %0,0,%1" : : "r"(value), "r"(at) :
			     "memory");
		break;
	case 2:
		asm volatile("sync; " STORE2 " %0,0,%1" : : "r"(value),
			     "r"(at) : "memory");
		break;
	default:
		asm volatile("sync; " STORE4 " %0,0,%1" : : "r"(value),
			     "r"(at) : "memory");
		break;
	}
}

struct vdma_config_space registers_config(const struct pci_function *pci)
{
	return (struct vdma_config_space){ registers_config_read8,
					   registers_config_read32, (void *)pci };
}

struct vdma_registers registers_bars(const struct pci_function *pci)
{
	return (struct vdma_registers){ registers_bar_read, registers_bar_write,
					(void *)pci };
}
