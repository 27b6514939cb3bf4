/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Spinlocks, also for the library. */
#ifndef GUEST_SPINLOCK_H
#define GUEST_SPINLOCK_H

#include <vdma/domain.h>
#include "base.h"

struct spinlock {
	uint32_t taken;
};

void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* vdma_lock_of() - a spinlock as the library takes one */
struct vdma_lock vdma_lock_of(struct spinlock *lock);

#endif /* GUEST_SPINLOCK_H */
