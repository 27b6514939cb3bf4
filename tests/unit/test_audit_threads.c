// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: CPUs may concurrently enter, check and remove mappings of one record, and read
 * its statistics. Also built with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <vdma/audit.h>

#include "crowd.h"
#include "mutex.h"

#define TURNS		20000
#define EVERY		100
#define LEN		4096

struct worker {
	struct vdma_audit *audit;
	uint64_t first;
	uint64_t wrong;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void note(void *ctx, const struct vdma_audit_report *report)
{
	unsigned int *reports = ctx;

	(void)report;
	(*reports)++;
}

/* At times hands an address to the device after its unmap. */
static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int turn;

	for (turn = 0; turn < TURNS; turn++) {
		uint64_t dma = w->first + turn % 64 * LEN;

		vdma_audit_map(w->audit, dma, LEN, VDMA_TO_DEVICE, NULL);
		w->wrong += !vdma_audit_check(w->audit, dma, LEN,
					      VDMA_TO_DEVICE, NULL);
		vdma_audit_unmap(w->audit, dma, LEN, VDMA_TO_DEVICE, NULL);
		if (!(turn % EVERY))
			w->wrong += vdma_audit_check(w->audit, dma, LEN,
						     VDMA_TO_DEVICE, NULL);
	}
	return NULL;
}

/*
 * Sum over all kinds, since a use after unmap counts as not mapped once the history has
 * dropped the mapping.
 */
static uint64_t all_faults(const struct vdma_audit_counts *counts)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < VDMA_FAULT_COUNT; i++)
		sum += counts->faults[i];
	return sum;
}

static bool counts_wrong(void *ctx)
{
	struct vdma_audit_counts counts;

	vdma_audit_count(ctx, &counts);
	return counts.live > THREADS || counts.live_max > THREADS ||
	       counts.total != all_faults(&counts);
}

/* Each fault is reported once, and no mapping is left. */
static void at_once(void **state)
{
	static const struct vdma_lock lock = { mutex_acquire, mutex_release, &mutex };
	struct vdma_audit_node *nodes = calloc(1000, sizeof(*nodes));
	struct worker workers[THREADS] = { 0 };
	struct vdma_audit_counts counts;
	struct vdma_audit audit;
	unsigned int reports = 0, i;

	(void)state;
	vdma_audit_init(&audit, nodes, 1000, note, &reports, &lock);
	for (i = 0; i < THREADS; i++) {
		workers[i].audit = &audit;
		workers[i].first = i * 0x10000000ull;
	}
	crowd_run(work, workers, sizeof(*workers), counts_wrong, &audit);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(workers[i].wrong, 0);
	vdma_audit_count(&audit, &counts);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.total, THREADS * TURNS / EVERY);
	assert_int_equal(reports, counts.total);
	free(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests_name("audit_threads", tests, NULL, NULL);
}
