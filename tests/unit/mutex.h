/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A mutex as a struct vdma_lock, with the mutex as its context
 */
#ifndef MUTEX_H
#define MUTEX_H

#include <pthread.h>

static inline void mutex_acquire(void *ctx)
{
	pthread_mutex_lock(ctx);
}

static inline void mutex_release(void *ctx)
{
	pthread_mutex_unlock(ctx);
}

#endif /* MUTEX_H */
