// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: CPUs may concurrently share memory, make it private and read the statistics,
 * also while the ultravisor fails. Also built with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_model.h"
#include "crowd.h"
#include "mutex.h"
#include "random.h"

#define TURNS		500
#define HELD		6
#define PAGES_MAX	5
#define SEED		0x5ec0de5ull

struct worker {
	struct vm *vm;
	uint64_t random;
	struct vdma_shared_mem held[HELD];
	uint64_t shared, wrong;
};

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
/* Protects the model: pages in use, and the state of each */
static pthread_mutex_t vm_mutex = PTHREAD_MUTEX_INITIALIZER;

/* One call in 16 fails at its first page. */
static int64_t ultracall(void *ctx, struct vdma_hcall *call)
{
	struct vm *vm = ctx;
	int64_t status;

	pthread_mutex_lock(&vm_mutex);
	if (call->opcode == VDMA_UV_SHARE_PAGE)
		vm->fail_share = !vm_pick(vm, 16);
	status = vm_ultracall(vm, call);
	vm->fail_share = 0;
	pthread_mutex_unlock(&vm_mutex);
	return status;
}

static int get(void *ctx, uint64_t len, struct vdma_memory *mem)
{
	int error;

	pthread_mutex_lock(&vm_mutex);
	error = vm_get(ctx, len, mem);
	pthread_mutex_unlock(&vm_mutex);
	return error;
}

static void put(void *ctx, const struct vdma_memory *mem)
{
	pthread_mutex_lock(&vm_mutex);
	vm_put(ctx, mem);
	pthread_mutex_unlock(&vm_mutex);
}

static uint32_t choose(struct worker *w, uint32_t below)
{
	return random_below(&w->random, below);
}

static void share(struct worker *w, struct vdma_shared_mem *share)
{
	uint64_t pages = 1 + choose(w, PAGES_MAX);
	int error = vdma_shared_alloc(&w->vm->secure, pages << 16, share);

	w->shared += !error;
	w->wrong += error && error != VDMA_E_SHARE;
	if (!error)
		memset(share->mem.cpu, 0xa5, share->mem.len);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int turn, i;

	for (turn = 0; turn < TURNS; turn++) {
		struct vdma_shared_mem *held = &w->held[choose(w, HELD)];

		if (held->mem.len)
			w->wrong += vdma_shared_free(&w->vm->secure, held) != 0;
		else
			share(w, held);
	}
	for (i = 0; i < HELD; i++)
		w->wrong += vdma_shared_free(&w->vm->secure, &w->held[i]) != 0;
	return NULL;
}

static bool counts_wrong(void *ctx)
{
	struct vdma_secure_counts counts = vm_counts(ctx);

	return counts.stuck || counts.shared > THREADS * HELD * PAGES_MAX;
}

/* Each share is undone once, and no page stays shared. */
static void at_once(void **state)
{
	static const struct vdma_lock lock = { mutex_acquire, mutex_release,
					       &list_mutex };
	struct vm *vm = vm_new(true, true);
	struct vdma_hv_ops uv = { ultracall, vm };
	struct vdma_pages pages = { get, put, vm };
	struct worker workers[THREADS] = { 0 };
	struct vdma_secure_counts counts;
	uint64_t shared = 0;
	unsigned int i;

	(void)state;
	vdma_secure_init(&vm->secure, &uv, &pages, &lock);
	for (i = 0; i < THREADS; i++) {
		workers[i].vm = vm;
		workers[i].random = SEED + i;
	}
	crowd_run(work, workers, sizeof(*workers), counts_wrong, vm);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].wrong, 0);
		shared += workers[i].shared;
	}
	counts = vm_counts(vm);
	print_message("seed %#llx: %llu shares, %llu ultracalls\n", SEED,
		      (unsigned long long)shared,
		      (unsigned long long)counts.ultracalls);
	assert_int_equal(counts.shares, shared);
	assert_int_equal(counts.unshares, shared);
	assert_true(counts.ultracalls > 2 * shared);
	assert_int_equal(vm_shared(vm), 0);
	vm_free(vm, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests_name("secure_threads", tests, NULL, NULL);
}
