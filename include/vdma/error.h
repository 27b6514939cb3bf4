/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Errors of the library, grouped by cause.
 */
#ifndef VDMA_ERROR_H
#define VDMA_ERROR_H

/* name, number, text: the one table of errors */
#define VDMA_ERRORS(X)							   \
	/* the hypervisor does not support or refuses the request */	   \
	X(UNSUPPORTED,	-1, "the hypervisor does not support the call")	   \
	X(REFUSED,	-2, "the hypervisor refuses it for this device")   \
	X(SECURE,	-3, "the hypervisor refuses it to a secure guest") \
	X(BUSY,		-4, "the device is in use")			   \
	/* the caller's arguments are wrong */				   \
	X(ARGUMENT,	-8, "the hypervisor rejects the arguments")	   \
	X(NO_PHB,	-9, "no such PHB")				   \
	X(NO_DEVICE,	-10, "no such device")				   \
	X(RANGE,	-11, "the memory is out of the device's reach")	   \
	X(QUEUE_SIZE,	-12, "invalid ring size")			   \
	X(REFUSED_MODE,	-13, "the device must not be used")		   \
	X(INVALID,	-14, "invalid arguments")			   \
	/* out of resources */						   \
	X(FULL,		-24, "the ring is full")			   \
	X(NO_MEMORY,	-25, "out of memory")				   \
	X(NO_SPACE,	-26, "the DMA window or the pool is full")	   \
	X(ENDING,	-27, "the module is being unloaded")		   \
	/* the hypervisor or the device breaks the interface */		   \
	X(DISAGREES,	-16, "the answers contradict each other")	   \
	X(STATUS,	-17, "undefined status from the hypervisor")	   \
	X(BAD_CAPS,	-18, "broken PCI capability list")		   \
	X(NO_COMMON_CFG, -19, "no virtio common configuration")		   \
	X(TCE,		-20, "the hypervisor failed to enter a TCE")	   \
	X(RTAS,		-21, "RTAS call failed")			   \
	X(TCE_STUCK,	-22, "the hypervisor failed to remove a TCE")	   \
	/* the device broke its ring, which is not used any more */	   \
	X(USED_ID,	-32, "the device returned a buffer that does not exist") \
	X(USED_FREE,	-33, "the device returned a buffer that it did not have") \
	X(USED_LEN,	-34, "the device wrote more than the buffer can hold") \
	X(USED_INDEX,	-35, "the device moved its ring index too far")	   \
	X(TIMEOUT,	-36, "the device timed out")			   \
	/* the device does not work */					   \
	X(FEATURES,	-40, "the device refused the features")		   \
	X(NEEDS_RESET,	-41, "the device needs a reset")		   \
	X(NO_QUEUE,	-42, "no such queue")				   \
	X(IO,		-43, "the device failed the request")		   \
	X(NOT_FOUND,	-44, "not found")				   \
	/* the device tree cannot be read */				   \
	X(NO_TREE,	-48, "not a flattened device tree")		   \
	X(BAD_TREE,	-49, "device tree truncated or damaged")	   \
	X(DEEP,		-50, "nodes below a PHB nested too deeply, or paths too long") \
	/* the ultravisor refuses the request */			   \
	X(NOT_SECURE,	-56, "not a secure VM")				   \
	X(SHARE,	-57, "the ultravisor failed to share a page")	   \
	X(SHARE_STUCK,	-58, "the ultravisor failed to take a page back")

enum vdma_error {
	VDMA_OK = 0,
#define VDMA_ERROR_ENUM(name, number, text) VDMA_E_##name = (number),
	VDMA_ERRORS(VDMA_ERROR_ENUM)
#undef VDMA_ERROR_ENUM
};

/**
 * vdma_strerror() - text of an error
 * @error: one of &enum vdma_error
 *
 * Return: a constant string without a full stop or newline; "unknown error" for any
 * other number.
 */
const char *vdma_strerror(int error);

#endif /* VDMA_ERROR_H */
