/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Numbers and names shared by guest, firmware tests and hypervisor.
 *
 * This is the one place where a number of the interface stands. It holds
 * preprocessor constants only, so that assembler and QEMU can include it.
 * docs/abi/ explains each of them.
 */
#ifndef VDMA_ABI_H
#define VDMA_ABI_H

/*
 * H_DMA_BYPASS: hypercall number. QEMU keeps 0xf000 and up for calls that
 * PAPR does not define (KVMPPC_HCALL_BASE).
 */
#define VDMA_H_DMA_BYPASS		0xf010

/* The string in /rtas "ibm,hypertas-functions" that announces the call. */
#define VDMA_HYPERTAS_NAME		"hcall-dma-bypass"

/* First argument (r4): the operation. */
#define VDMA_BYPASS_QUERY		0
#define VDMA_BYPASS_ENABLE		1
#define VDMA_BYPASS_DISABLE		2

/* First result (r4): the state. */
#define VDMA_BYPASS_SUPPORTED		0x1
#define VDMA_BYPASS_ENABLED		0x2

/*
 * Third argument (r6): config address as in PAPR's ibm,read-pci-config,
 * bus << 16 | devfn << 8. The other bits are reserved and must be zero.
 */
#define VDMA_CONFIG_ADDR_BUS_SHIFT	16
#define VDMA_CONFIG_ADDR_DEVFN_SHIFT	8
#define VDMA_CONFIG_ADDR_MASK		0x00ffff00

/*
 * The window stands beside every TCE window: the default one is at 0, QEMU's
 * 64-bit dynamic window at 1 << 59, MSIs at 0x40000000000.
 */
#define VDMA_BYPASS_WINDOW_SHIFT	60

/* Base and size of a window are multiples of the largest base page. */
#define VDMA_BYPASS_WINDOW_ALIGN_SHIFT	16

/* Device-tree property on the node of a virtio PCI function. */
#define VDMA_PROP_NAME			"qemu,dma-bypass"
/* Cells: hypercall number, base (hi, lo), size (hi, lo). */
#define VDMA_PROP_CELLS			5

/* PAPR 14.5.2: hypercall status values that H_DMA_BYPASS returns. */
#define VDMA_H_SUCCESS			0
#define VDMA_H_BUSY			1
#define VDMA_H_NOT_AVAILABLE		3
#define VDMA_H_FUNCTION			(-2)
#define VDMA_H_PARAMETER		(-4)
#define VDMA_H_AUTHORITY		(-10)
#define VDMA_H_P2			(-55)
#define VDMA_H_P3			(-56)

/*
 * Ultravisor calls, by "sc 2" (the kernel's ultravisor.rst, "Ultracalls used
 * by SVM", and asm/ultravisor-api.h): what a secure VM itself may ask for.
 */
#define VDMA_UV_ESM			0xf110
#define VDMA_UV_SHARE_PAGE		0xf130
#define VDMA_UV_UNSHARE_PAGE		0xf134
#define VDMA_UV_UNSHARE_ALL_PAGES	0xf140

/* The ultravisor's page size: pages change hands in this unit only. */
#define VDMA_UV_PAGE_SHIFT		16

/* Their statuses. */
#define VDMA_U_SUCCESS			0
#define VDMA_U_FUNCTION			(-2)
#define VDMA_U_PARAMETER		(-4)
#define VDMA_U_PERMISSION		(-11)
#define VDMA_U_P2			(-55)
/* The document names it without a number; H_STATE's says what is wrong. */
#define VDMA_U_INVALID			(-75)

/* Hypercalls that only an ultravisor may make (ultravisor.rst). */
#define VDMA_H_SVM_PAGE_IN		0xef00
#define VDMA_H_SVM_PAGE_OUT		0xef04
#define VDMA_H_SVM_INIT_START		0xef08
#define VDMA_H_SVM_INIT_DONE		0xef0c
#define VDMA_H_SVM_INIT_ABORT		0xef14
#define VDMA_H_UNSUPPORTED		(-67)

/* Virtio 1.2, 6: reserved feature bits that decide how DMA is done. */
#define VDMA_F_VERSION_1_BIT		32
#define VDMA_F_ACCESS_PLATFORM_BIT	33

/* Virtio 1.2, 4.1.2: PCI vendor and device identifiers. */
#define VDMA_PCI_VENDOR_VIRTIO		0x1af4
#define VDMA_PCI_TRANSITIONAL_FIRST	0x1000
#define VDMA_PCI_TRANSITIONAL_LAST	0x103f
#define VDMA_PCI_MODERN_FIRST		0x1040
#define VDMA_PCI_MODERN_LAST		0x107f

#endif /* VDMA_ABI_H */
