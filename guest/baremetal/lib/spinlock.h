/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Spinlocks, also for the library */
#ifndef GUEST_SPINLOCK_H
#define GUEST_SPINLOCK_H

#include <vdma/domain.h>
#include "base.h"

struct spinlock {
	uint32_t taken;
};

void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* spin_vdma_lock() - wrap a spinlock for the library */
struct vdma_lock spin_vdma_lock(struct spinlock *lock);

#endif /* GUEST_SPINLOCK_H */
