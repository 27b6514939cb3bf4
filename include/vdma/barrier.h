/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory barriers between a driver and a device model that runs on another
 * CPU, and the byte order that both agreed on.
 *
 * These order accesses to memory. That a store to memory is seen before an
 * access to a device register is the promise of the register accessor
 * (virtio_dev.h), as it is Linux's for writel().
 */
#ifndef VDMA_BARRIER_H
#define VDMA_BARRIER_H

#include <vdma/types.h>

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <asm/byteorder.h>

#define vdma_mb()	virt_mb()
#define vdma_rmb()	virt_rmb()
#define vdma_wmb()	virt_wmb()
#else

/* Everything before is ordered against everything behind: ppc64's sync. */
#define vdma_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

/*
 * Loads against later loads, stores against later stores: lwsync, and nothing
 * but a fence for the compiler on x86.
 */
#define vdma_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define vdma_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#endif

/* Virtio 1.2, 1.4.2: le16, le32 and le64 are unsigned, little endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VDMA_LE(bits, x)	((uint##bits##_t)(x))
#else
#define VDMA_LE(bits, x)	__builtin_bswap##bits(x)
#endif

/* A field in memory that the device sees: read and written once, whole. */
struct vdma_le16 {
	uint16_t raw;
};

struct vdma_le32 {
	uint32_t raw;
};

struct vdma_le64 {
	uint64_t raw;
};

#define VDMA_LE_ACCESSORS(bits)						\
static inline uint##bits##_t						\
vdma_le##bits##_get(const struct vdma_le##bits *p)			\
{									\
	return VDMA_LE(bits, *(const volatile uint##bits##_t *)&p->raw); \
}									\
									\
static inline void							\
vdma_le##bits##_set(struct vdma_le##bits *p, uint##bits##_t value)	\
{									\
	*(volatile uint##bits##_t *)&p->raw = VDMA_LE(bits, value);	\
}

VDMA_LE_ACCESSORS(16)
VDMA_LE_ACCESSORS(32)
VDMA_LE_ACCESSORS(64)

#endif /* VDMA_BARRIER_H */
