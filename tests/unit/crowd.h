/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Workers that run at once, a thread each, while another thread reads statistics
 */
#ifndef CROWD_H
#define CROWD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define THREADS		4

/* A reader of statistics, as sysfs may be at any time: @look says whether they are wrong. */
struct crowd_watcher {
	bool (*look)(void *ctx);
	void *ctx;
	bool stop;
	uint64_t looks, wrong;
};

static inline void *crowd_watch(void *arg)
{
	struct crowd_watcher *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		w->wrong += w->look(w->ctx);
		w->looks++;
	}
	return NULL;
}

/*
 * Runs @work on each of THREADS workers, @size bytes each, and @look with @ctx until they
 * have ended. What a worker found wrong is the caller's to check.
 */
static inline void crowd_run(void *(*work)(void *worker), void *workers, size_t size,
			     bool (*look)(void *ctx), void *ctx)
{
	struct crowd_watcher watcher = { .look = look, .ctx = ctx };
	pthread_t threads[THREADS], watching;
	unsigned int i;

	assert_int_equal(pthread_create(&watching, NULL, crowd_watch, &watcher), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work,
						(char *)workers + i * size), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&watcher.stop, true, __ATOMIC_RELAXED);
	pthread_join(watching, NULL);
	assert_true(watcher.looks > 0);
	assert_int_equal(watcher.wrong, 0);
}

#endif /* CROWD_H */
