/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A mutex as a lock of the library's (struct vdma_lock): it is the context.
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
