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
	X(RANGE,	-11, "the memory is out of the device's reach")	   \
	X(QUEUE_SIZE,	-12, "there is no ring of this size")		   \
	X(REFUSED_MODE,	-13, "the device shall be left alone")		   \
	X(INVALID,	-14, "the arguments make no sense")		   \
	/* there is no room now */					   \
	X(FULL,		-24, "the ring has no room for it")		   \
	X(NO_MEMORY,	-25, "there is no memory for it")		   \
	X(NO_SPACE,	-26, "the DMA window or the pool has no room for it") \
	X(ENDING,	-27, "the module is being unloaded")		   \
	/* the hypervisor or the device breaks the interface */		   \
	X(DISAGREES,	-16, "the answers contradict each other")	   \
	X(STATUS,	-17, "the hypervisor's status is not defined")	   \
	X(BAD_CAPS,	-18, "the PCI capability list is broken")	   \
	X(NO_COMMON_CFG, -19, "there is no virtio common configuration")   \
	X(TCE,		-20, "the hypervisor would not enter a TCE")	   \
	X(RTAS,		-21, "RTAS failed")				   \
	X(TCE_STUCK,	-22, "the hypervisor would not remove a TCE")	   \
	/* the device breaks its ring, and the ring is no longer used */   \
	X(USED_ID,	-32, "the device returned a buffer that does not exist") \
	X(USED_FREE,	-33, "the device returned a buffer that it did not have") \
	X(USED_LEN,	-34, "the device wrote more than the buffer has room for") \
	X(USED_INDEX,	-35, "the device moved its ring index too far")	   \
	X(TIMEOUT,	-36, "the device did not answer in time")	   \
	/* the device will not, or can no longer, work */		   \
	X(FEATURES,	-40, "the device refused the features")		   \
	X(NEEDS_RESET,	-41, "the device asks to be reset")		   \
	X(NO_QUEUE,	-42, "the device has no such queue")		   \
	X(IO,		-43, "the device failed the request")		   \
	X(NOT_FOUND,	-44, "there is none")				   \
	/* the device tree cannot be read */				   \
	X(NO_TREE,	-48, "this is no flattened device tree")	   \
	X(BAD_TREE,	-49, "the device tree is cut off or damaged")	   \
	X(DEEP,		-50, "nodes below a PHB are nested too deeply or have too long paths") \
	/* the ultravisor does not do what was asked */			   \
	X(NOT_SECURE,	-56, "this is no secure VM")			   \
	X(SHARE,	-57, "the ultravisor would not share a page")	   \
	X(SHARE_STUCK,	-58, "the ultravisor would not take a page back")

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
