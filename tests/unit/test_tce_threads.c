// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: CPUs may concurrently map, unmap, allocate and read the statistics of one TCE
 * window, with or without a cache of mappings. Also built with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "tce_fixture.h"
#include "crowd.h"
#include "mutex.h"
#include "random.h"

#define TURNS		20000
#define HELD		32

struct mapping {
	uint64_t phys, len, dma;
	unsigned int dir;
};

struct worker {
	struct fixture *f;
	uint64_t phys, random;
	struct mapping held[HELD];
	unsigned int count;
	uint64_t maps, full, wrong;
};

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pages_mutex = PTHREAD_MUTEX_INITIALIZER;

static int get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	int error;

	pthread_mutex_lock(&pages_mutex);
	error = table_get_pages(ctx, len, mem);
	pthread_mutex_unlock(&pages_mutex);
	return error;
}

static void put(void *ctx, const struct vdma_memory *mem)
{
	pthread_mutex_lock(&pages_mutex);
	table_put_pages(ctx, mem);
	pthread_mutex_unlock(&pages_mutex);
}

static uint32_t choose(struct worker *w, uint32_t below)
{
	return random_below(&w->random, below);
}

/* The device reaches both ends, whatever other CPUs do to the table. */
static bool reached(struct worker *w, const struct mapping *m)
{
	uint64_t last = m->len - 1;
	bool both;

	pthread_mutex_lock(&table_mutex);
	both = table_translate(w->f->t, m->dma, m->dir) == m->phys &&
	       table_translate(w->f->t, m->dma + last, m->dir) ==
	       m->phys + last;
	pthread_mutex_unlock(&table_mutex);
	return both;
}

static void begin(struct worker *w)
{
	struct mapping *m = &w->held[w->count];
	int error;

	*m = (struct mapping){
		.phys = w->phys + choose(w, 100) * PAGE + choose(w, PAGE),
		.len = 1 + choose(w, choose(w, 2) ? 3 * PAGE : 80 * PAGE),
		.dir = 1 + choose(w, 3),
	};
	error = map(w->f, m->phys, m->len, m->dir, &m->dma);
	w->wrong += error && error != VDMA_E_NO_SPACE;
	w->full += error == VDMA_E_NO_SPACE;
	w->count += !error;
	w->maps += !error;
	w->wrong += !error && !reached(w, m);
}

static void end(struct worker *w)
{
	struct mapping *m = &w->held[--w->count];

	w->wrong += !reached(w, m);
	w->wrong += unmap(w->f, m->dma, m->len, m->dir) != VDMA_OK;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct vdma_memory mem;
	unsigned int turn;

	for (turn = 0; turn < TURNS; turn++) {
		if (w->count < HELD && choose(w, 3))
			begin(w);
		else if (w->count)
			end(w);
		if (!(turn % 100) &&
		    !vdma_domain_alloc(&w->f->d.domain, 8192, &mem))
			vdma_domain_free(&w->f->d.domain, &mem);
	}
	while (w->count)
		end(w);
	return NULL;
}

static bool counts_wrong(void *ctx)
{
	struct vdma_tce_counts counts = tce_counts(ctx);

	return counts.used > TABLE_PAGES || counts.stuck;
}

static void at_once(bool reuse)
{
	static const struct vdma_lock lock = { mutex_acquire, mutex_release,
					       &table_mutex };
	struct fixture *f = set_up(reuse);
	struct vdma_tce_window window = table_window(f->t);
	struct vdma_pages pages = { get, put, f->t };
	struct worker workers[THREADS] = { 0 };
	uint64_t maps = 0, full = 0;
	unsigned int i;

	assert_int_equal(vdma_tce_domain_init(&f->d, &pages, &window,
					      reuse ? CACHE : 0, &lock,
					      f->private_mem), VDMA_OK);
	for (i = 0; i < THREADS; i++) {
		workers[i].f = f;
		workers[i].phys = PHYS + i * 1000 * PAGE;
		workers[i].random = SEED + i;
	}
	crowd_run(work, workers, sizeof(*workers), counts_wrong, f);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].wrong, 0);
		maps += workers[i].maps;
		full += workers[i].full;
	}
	print_message("seed %#llx: %llu maps, %llu found no room, %llu hits\n",
		      SEED, (unsigned long long)maps, (unsigned long long)full,
		      (unsigned long long)tce_counts(f).hits);
	assert_true(maps > THREADS * TURNS / 4);
	assert_true(full > 0);
	assert_int_equal(tce_counts(f).hits != 0, reuse);
	tear_down(f);
}

/* Without a cache of mappings */
static void each_writes_the_table(void **state)
{
	(void)state;
	at_once(false);
}

/* With one */
static void mappings_are_reused(void **state)
{
	(void)state;
	at_once(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_writes_the_table),
		cmocka_unit_test(mappings_are_reused),
	};

	return cmocka_run_group_tests_name("tce_threads", tests, NULL, NULL);
}
