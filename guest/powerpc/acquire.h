/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Acquire, as lwsync: a relaxed operation and a fence behind it. Of an operation
 * with __ATOMIC_ACQUIRE gcc makes one with isync behind it (Power ISA 3.1, book
 * II, 1.7.1 and B.2.1), which throws away what the CPU has begun with, and under
 * TCG ends the translated code. ThreadSanitizer knows nothing of fences.
 */
#ifndef VDMA_ACQUIRE_H
#define VDMA_ACQUIRE_H

#ifdef __SANITIZE_THREAD__
#define ACQUIRE			__ATOMIC_ACQUIRE
#define acquire_fence()		((void)0)
#else
#define ACQUIRE			__ATOMIC_RELAXED
#define acquire_fence()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#endif

#endif /* VDMA_ACQUIRE_H */
