// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Spinlocks, also for the library */
#include "clock.h"
#include "spinlock.h"

/* Power ISA 3.1, II B.2: lock with acquire, unlock with release. */
void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			guest_clock.relax(NULL);
	}
}

void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

static void spinlock_acquire(void *ctx)
{
	spin_lock(ctx);
}

static void spinlock_release(void *ctx)
{
	spin_unlock(ctx);
}

struct vdma_lock spin_vdma_lock(struct spinlock *lock)
{
	return (struct vdma_lock){ spinlock_acquire, spinlock_release, lock };
}
