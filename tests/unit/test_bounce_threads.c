// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: CPUs may concurrently map, unmap and read the statistics of one pool, whatever
 * CPU number they pass. Also built with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_fixture.h"
#include "crowd.h"
#include "mutex.h"
#include "random.h"

#define TURNS		30000
#define HELD		24
#define REGION		(64 * KIB)
#define SEED		0x7472ead5

struct worker {
	struct fixture *f;
	unsigned int number;
	uint64_t random;
	/* mappings, each with a buffer of its own */
	struct {
		uint64_t dma, offset;
		uint32_t len;
		enum vdma_dir dir;
		unsigned char value;
	} held[HELD];
	unsigned int count;
	uint64_t maps, full, wrong;
};

static _Thread_local struct worker *self;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static uint32_t pick(struct worker *w, uint32_t below)
{
	return random_below(&w->random, below);
}

/* Mostly right; wrong at times, as after a migration to another CPU. */
static unsigned int cpu(void *ctx)
{
	(void)ctx;
	if (!self)
		return 0;
	return pick(self, 8) ? self->number : pick(self, 2 * THREADS);
}

static void *fill(uint64_t *to, uint64_t word, size_t count)
{
	while (count--)
		*to++ = word;
	return NULL;
}

static void begin(struct worker *w)
{
	static const uint32_t below[] = { 64, 64, 512, 2048, 4096, 40000 };
	unsigned int i = w->count;
	uint64_t phys;

	w->held[i].len = 1 + pick(w, below[pick(w, 6)]);
	w->held[i].dir = (enum vdma_dir)(1 + pick(w, 2));
	w->held[i].value = (unsigned char)(1 + pick(w, 127));
	w->held[i].offset = (w->number * HELD + i) * REGION;
	phys = VM_PHYS + w->held[i].offset;
	memset(buffer(w->f, w->held[i].offset), w->held[i].value,
	       w->held[i].len);
	if (vdma_bounce_map(&w->f->b, phys, w->held[i].len, w->held[i].dir, 0,
			    cpu(NULL), &w->held[i].dma)) {
		w->full++;
		return;
	}
	w->maps++;
	w->count++;
	/* The device writes while the slot is mapped. */
	if (w->held[i].dir == DMA_IN)
		memset(vm_device(w->f->vm, w->held[i].dma, w->held[i].len),
		       ~w->held[i].value, w->held[i].len);
}

static void end(struct worker *w)
{
	unsigned int i = --w->count;
	unsigned char *at = vm_device(w->f->vm, w->held[i].dma,
				      w->held[i].len);
	unsigned char value = w->held[i].value;

	if (w->held[i].dir == DMA_IN)
		value = (unsigned char)~value;
	w->wrong += !all_are(at, w->held[i].len, value);
	w->wrong += vdma_bounce_unmap(&w->f->b, w->held[i].dma, w->held[i].len,
				      w->held[i].dir, 0, cpu(NULL)) != VDMA_OK;
	w->wrong += !all_are(buffer(w->f, w->held[i].offset), w->held[i].len,
			     value);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct vdma_bounce_counts counts;
	struct vdma_memory mem;
	unsigned int turn;

	self = w;
	for (turn = 0; turn < TURNS; turn++) {
		if (w->count < HELD && pick(w, 3))
			begin(w);
		else if (w->count)
			end(w);
		if (turn % 1000)
			continue;
		vdma_bounce_count(&w->f->b, &counts);
		w->wrong += counts.used > w->f->b.config.size;
		if (!vdma_bounce_alloc(&w->f->b, 8192, 65536, &mem))
			vdma_domain_free(&w->f->b.domain, &mem);
	}
	while (w->count)
		end(w);
	return NULL;
}

static bool counts_wrong(void *ctx)
{
	struct fixture *f = ctx;
	uint64_t size = f->b.config.size;
	struct vdma_bounce_counts counts;

	vdma_bounce_count(&f->b, &counts);
	return counts.used > size || counts.used_max > size;
}

static void at_once(uint64_t size, bool small)
{
	static const struct vdma_lock lock = { mutex_acquire, mutex_release, &mutex };
	struct worker workers[THREADS] = { 0 };
	struct fixture *f = set_up_as(true, size);
	struct vdma_bounce_config config = f->b.config;
	struct vdma_bounce_counts counts;
	uint64_t maps = 0, full = 0;
	unsigned int i;

	assert_int_equal(vdma_bounce_fini(&f->b), VDMA_OK);
	free(f->private_mem);
	config.cpus = THREADS;
	config.cpu = cpu;
	config.lock = &lock;
	config.copy = memcpy;
	config.fill = fill;
	f->private_mem = pool_private(&config);
	vdma_secure_init(&f->vm->secure, &f->vm->uv, &f->vm->pages, &f->vm->lock);
	f->vm->parent_maps = 0;
	assert_int_equal(vdma_bounce_init(&f->b, &config, f->private_mem),
			 VDMA_OK);
	for (i = 0; i < THREADS; i++) {
		workers[i].f = f;
		workers[i].number = i;
		workers[i].random = SEED + i;
	}
	crowd_run(work, workers, sizeof(*workers), counts_wrong, f);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(workers[i].wrong, 0);
		maps += workers[i].maps;
		full += workers[i].full;
	}
	vdma_bounce_count(&f->b, &counts);
	print_message("seed %#x: %llu maps, %llu found no room\n", SEED,
		      (unsigned long long)maps, (unsigned long long)full);
	assert_int_equal(counts.live, 0);
	assert_true(counts.full >= full);
	assert_true(maps > THREADS * TURNS / 4);
	assert_int_equal(full != 0, small);
	tear_down(f);
}

/* In a pool with a cache for each CPU */
static void a_cache_for_each(void **state)
{
	(void)state;
	at_once(VDMA_BOUNCE_SIZE, false);
}

/* In a full pool whose CPUs share a cache */
static void one_cache_and_full(void **state)
{
	(void)state;
	at_once(256 * KIB, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cache_for_each),
		cmocka_unit_test(one_cache_and_full),
	};

	return cmocka_run_group_tests_name("bounce_threads", tests, NULL, NULL);
}
