/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Errors of the library, grouped by whose fault they are.
 */
#ifndef VDMA_ERROR_H
#define VDMA_ERROR_H

/* name, number, text: the one table of errors */
#define VDMA_ERRORS(X)							   \
	/* the hypervisor has not got, or does not grant, what was asked */ \
	X(UNSUPPORTED,	-1, "the hypervisor does not know the call")	   \
	X(REFUSED,	-2, "the hypervisor refuses it for this device")   \
	X(SECURE,	-3, "the hypervisor refuses it to a secure guest") \
	X(BUSY,		-4, "the device's driver is running")		   \
	/* the caller asked for something that does not exist */	   \
	X(ARGUMENT,	-8, "the hypervisor rejects the arguments")	   \
	X(NO_PHB,	-9, "the hypervisor knows no such PHB")		   \
	X(NO_DEVICE,	-10, "the hypervisor knows no such device")	   \
	/* the hypervisor or the device breaks the interface */		   \
	X(DISAGREES,	-16, "the answers contradict each other")	   \
	X(STATUS,	-17, "the hypervisor's status is not defined")	   \
	X(BAD_CAPS,	-18, "the PCI capability list is broken")	   \
	X(NO_COMMON_CFG, -19, "there is no virtio common configuration")   \
	/* the device tree cannot be read */				   \
	X(NO_TREE,	-48, "this is no flattened device tree")	   \
	X(BAD_TREE,	-49, "the device tree is cut off or damaged")	   \
	X(DEEP,		-50, "nodes below a PHB are nested too deeply or have too long paths")

enum vdma_error {
	VDMA_OK = 0,
#define VDMA_ERROR_ENUM(name, number, text) VDMA_E_##name = (number),
	VDMA_ERRORS(VDMA_ERROR_ENUM)
#undef VDMA_ERROR_ENUM
};

/**
 * vdma_strerror() - say what an error is
 * @error: one of &enum vdma_error
 *
 * Return: a constant string without a full stop or newline; for a number that
 * is none of ours, "unknown error".
 */
const char *vdma_strerror(int error);

#endif /* VDMA_ERROR_H */
