/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Tests: how to write one and how it reports.
 *
 *	static void test_sums(void)
 *	{
 *		report(1 + 1 == 2, "one and one are %u", 1 + 1);
 *	}
 *	GUEST_TEST(sums, test_sums);
 *
 * -append "test=sums" runs it. See docs/testing.md.
 */
#ifndef GUEST_KTAP_H
#define GUEST_KTAP_H

#include <stdbool.h>

#include "attributes.h"

/* struct guest_test - a test or a benchmark, in a linker section of its own */
struct guest_test {
	const char *name;
	void (*run)(void);
	bool bench;
};

#define GUEST_ENTRY(kind, id, function, is_bench)			\
	static const struct guest_test guest_##kind##_##id		\
	__attribute__((used, section(".guest_tests." #id),		\
		       aligned(8))) = {					\
		.name = #id, .run = function, .bench = is_bench,	\
	}

extern const struct guest_test guest_tests_start[], guest_tests_end[];

/* GUEST_TEST() - run @function for test=@id */
#define GUEST_TEST(id, function)	GUEST_ENTRY(test, id, function, false)

/* GUEST_BENCH() - run @function for bench=@id */
#define GUEST_BENCH(id, function)	GUEST_ENTRY(bench, id, function, true)

/**
 * report() - report one check of a test
 * @ok: the condition that must hold
 * @fmt: the promise that it checks
 *
 * Context: the first CPU only.
 *
 * Return: @ok
 */
bool report(bool ok, const char *fmt, ...)
	__printf(2, 3);

/* report_skip() - report a check that is not possible here, and why */
void report_skip(const char *why, const char *fmt, ...)
	__printf(2, 3);

/* diag() - print a line that helps to explain a failure; on any CPU */
void diag(const char *fmt, ...) __printf(1, 2);

/**
 * metric() - report a number that a benchmark has counted
 * @name: of the metric, without blanks
 * @fmt: the value
 */
void metric(const char *name, const char *fmt, ...)
	__printf(2, 3);

/* ktap_run_again() - reset the system after the last test, which runs all again */
void ktap_run_again(void);

/**
 * ktap_run_all() - run the tests that the command line names
 *
 * Return: true if a test called ktap_run_again().
 */
bool ktap_run_all(void);

#endif /* GUEST_KTAP_H */
