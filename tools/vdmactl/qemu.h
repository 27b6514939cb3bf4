/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A pseries VM and its virtio functions as a running QEMU knows them, for
 * vdmactl explain --qmp.
 */
#ifndef VDMACTL_QEMU_H
#define VDMACTL_QEMU_H

#include "qmp.h"
#include "vdmactl.h"

/* BUID of the PHB with index 0 (QEMU's SPAPR_PCI_BASE_BUID) */
#define QEMU_FIRST_BUID		0x800000020000000ull
/* Bridges above a function, at most, and the function */
#define QEMU_DEPTH		16

/**
 * struct qemu_place - where a function is plugged
 * @phb: index of the PHB
 * @devfn: of the function, then of each bridge above it
 * @depth: of these
 */
struct qemu_place {
	uint32_t phb;
	unsigned int depth;
	uint8_t devfn[QEMU_DEPTH];
};

/**
 * struct qemu_function - a virtio function
 * @path: its QOM object
 * @phb_path: that of its PHB
 * @place: where it is plugged
 * @bus: number that the guest has given to its bus; -1 if unknown
 * @type: virtio device type
 * @offered: VIRTIO_F_ACCESS_PLATFORM and VERSION_1 that it offers
 * @accepted: those that the driver has accepted
 * @negotiated: there is such a driver
 * @driver_ok: which has set DRIVER_OK
 * @bypass: the switches dma-bypass of device and PHB are on
 * @ddw: the PHB has dynamic windows
 * @window: the bypass window
 * @window_size: its size; 0 if unknown
 * @violation: the last access that the DMA guard has caught, and their number; or NULL
 */
struct qemu_function {
	char *path;
	char *phb_path;
	struct qemu_place place;
	int bus;
	uint16_t type;
	uint64_t offered;
	uint64_t accepted;
	bool negotiated;
	bool driver_ok;
	bool bypass;
	bool ddw;
	enum row_window window;
	uint64_t window_size;
	char *violation;
};

/**
 * struct qemu_vm - a VM
 * @functions: QEMU can tell its virtio functions
 * @function: these
 * @count: of these
 * @hcall: it has H_DMA_BYPASS
 * @secure_known: QEMU can tell whether it is secure
 * @secure: it is
 * @append: the kernel's command line; empty if QEMU was given none
 * @memory: bytes of memory that it can have
 */
struct qemu_vm {
	bool functions;
	struct qemu_function *function;
	size_t count;
	bool hcall;
	bool secure_known;
	bool secure;
	char *append;
	uint64_t memory;
};

/* False, with a message, if this is no pseries VM or QEMU is gone. */
bool qemu_read_vm(struct qmp *qmp, const char *socket, struct qemu_vm *vm);
void qemu_free_vm(struct qemu_vm *vm);

/* Gets the device tree. Returns NULL, or why it cannot, to be freed. */
char *qemu_read_tree(struct qmp *qmp, struct blob *blob, struct vdma_dt *dt);

#endif /* VDMACTL_QEMU_H */
