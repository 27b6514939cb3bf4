// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: devices' threads may read the record of shared pages while a CPU shares and
 * unshares pages, and while the system is reset. Also built with ThreadSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "uv_pages.c"

#define PAGES	1000
#define LIVES	200
#define KEPT	0	/* never shared */

static struct uv_pages pages;
static bool done;

static void *look(void *arg)
{
	uint64_t *wrong = arg, gfn;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		for (gfn = 0; gfn < PAGES; gfn++) {
			bool private = uv_pages_private(&pages, gfn);

			*wrong += gfn == KEPT && !private;
		}
		*wrong += uv_pages_private(&pages, PAGES);
	}
	return NULL;
}

/* A reader always sees a page that is never shared as private. */
static void looked_at_meanwhile(void **unused)
{
	static uint64_t map[(PAGES + 63) / 64];
	uint64_t wrong = 0, gfn;
	pthread_t thread;
	int life;

	(void)unused;
	uv_pages_init(&pages, map, PAGES);
	assert_int_equal(pthread_create(&thread, NULL, look, &wrong), 0);
	for (life = 0; life < LIVES; life++) {
		for (gfn = 1; gfn < PAGES; gfn++)
			uv_pages_set(&pages, gfn, true);
		assert_int_equal(pages.shared, PAGES - 1);
		uv_pages_set(&pages, 1, false);
		uv_pages_reset(&pages);
		assert_int_equal(pages.shared, 0);
		assert_int_equal(uv_pages_next_shared(&pages, 0), PAGES);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looked_at_meanwhile),
	};

	return cmocka_run_group_tests_name("uv_pages_threads", tests, NULL, NULL);
}
