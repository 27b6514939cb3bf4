/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory barriers between a driver and a device model that runs on another CPU, and
 * numbers in the byte order of virtio and of hypercalls.
 *
 * The barriers order accesses to memory only. The register accessor (virtio_dev.h)
 * guarantees that a store to memory is seen before the access to a register, as Linux's
 * writel() does.
 */
#ifndef VDMA_BARRIER_H
#define VDMA_BARRIER_H

#include <vdma/types.h>

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <asm/byteorder.h>

#define VDMA_FENCE_ALL		virt_mb()	/* vdma_mb() */
#define VDMA_FENCE_LOADS	virt_rmb()	/* vdma_rmb() */
#define VDMA_FENCE_STORES	virt_wmb()	/* vdma_wmb() */
#else
#define VDMA_FENCE_ALL		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define VDMA_FENCE_LOADS	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define VDMA_FENCE_STORES	__atomic_thread_fence(__ATOMIC_RELEASE)
#endif

/* Orders all accesses before it against all after it: sync on POWER. */
static inline void vdma_mb(void)
{
	VDMA_FENCE_ALL;
}

/* Orders loads before it against loads after it: lwsync on POWER, nothing on x86. */
static inline void vdma_rmb(void)
{
	VDMA_FENCE_LOADS;
}

/* Orders stores before it against stores after it: lwsync on POWER, nothing on x86. */
static inline void vdma_wmb(void)
{
	VDMA_FENCE_STORES;
}

/* Virtio 1.2, 1.4.2: le16, le32 and le64 are unsigned, little endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VDMA_LE(bits, x)	((uint##bits##_t)(x))
#define VDMA_BE(bits, x)	__builtin_bswap##bits(x)
#else
#define VDMA_LE(bits, x)	__builtin_bswap##bits(x)
#define VDMA_BE(bits, x)	((uint##bits##_t)(x))
#endif

/* A field in memory that the device sees; each access is a single load or store. */
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
	return VDMA_LE(bits, __atomic_load_n(&p->raw, __ATOMIC_RELAXED)); \
}									\
									\
static inline void							\
vdma_le##bits##_set(struct vdma_le##bits *p, uint##bits##_t value)	\
{									\
	__atomic_store_n(&p->raw, VDMA_LE(bits, value),		\
			 __ATOMIC_RELAXED);				\
}

VDMA_LE_ACCESSORS(16)
VDMA_LE_ACCESSORS(32)
VDMA_LE_ACCESSORS(64)

/* Hypercalls read big-endian data from memory. */
struct vdma_be64 {
	uint64_t raw;
};

static inline void vdma_be64_set(struct vdma_be64 *p, uint64_t value)
{
	p->raw = VDMA_BE(64, value);
}

#endif /* VDMA_BARRIER_H */
