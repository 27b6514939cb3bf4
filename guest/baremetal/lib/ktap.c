// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * KTAP version 1 (the kernel's Documentation/dev-tools/ktap.rst): a result for each
 * test, with its checks indented above it. Their plan comes last, when their number is
 * known.
 */
#include "args.h"
#include "base.h"
#include "console.h"
#include "ktap.h"

#define TEXT_MAX	256
#define INDENT		"    "

static unsigned int checks, failed, skipped;
static bool again;

bool report(bool ok, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vformat(text, sizeof(text), fmt, args);
	va_end(args);
	failed += !ok;
	print(INDENT "%s %u - %s\n", ok ? "ok" : "not ok", ++checks, text);
	return ok;
}

void report_skip(const char *why, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vformat(text, sizeof(text), fmt, args);
	va_end(args);
	skipped++;
	print(INDENT "ok %u - %s # SKIP %s\n", ++checks, text, why);
}

void diag(const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vformat(text, sizeof(text), fmt, args);
	va_end(args);
	print(INDENT "# %s\n", text);
}

void metric(const char *name, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vformat(text, sizeof(text), fmt, args);
	va_end(args);
	print(INDENT "# metric %s %s\n", name, text);
}

static const struct guest_test *ktap_find(const char *name, bool bench)
{
	const struct guest_test *test;

	for (test = guest_tests_start; test < guest_tests_end; test++) {
		if (test->bench == bench && !strcmp(test->name, name))
			return test;
	}
	return NULL;
}

static void ktap_list_names(bool bench)
{
	const struct guest_test *test;

	for (test = guest_tests_start; test < guest_tests_end; test++) {
		if (test->bench == bench)
			print("# %s=%s\n", bench ? "bench" : "test",
			      test->name);
	}
}

/* A test without checks fails. */
static void ktap_run_one(unsigned int number, const char *name, bool bench)
{
	const struct guest_test *test = ktap_find(name, bench);

	checks = 0;
	failed = 0;
	skipped = 0;
	if (test) {
		print(INDENT "KTAP version 1\n" INDENT "# Subtest: %s\n", name);
		test->run();
		print(INDENT "1..%u\n", checks);
	} else {
		print("# %s=%s: not found; known names:\n",
		      bench ? "bench" : "test", name);
		ktap_list_names(bench);
	}
	print("%s %u - %s%s\n", checks && !failed ? "ok" : "not ok", number,
	      name, checks && checks == skipped ? " # SKIP" : "");
}

static unsigned int ktap_count_names(const char *names)
{
	unsigned int count = 0;

	for (; *names; names++)
		count += *names == ',';
	return count + 1;
}

static unsigned int ktap_run_named(const char *names, bool bench,
				   unsigned int number)
{
	char name[TEXT_MAX];
	const char *end;

	for (;; names = end + 1) {
		size_t len;

		end = strchr(names, ',');
		len = end ? (size_t)(end - names) : strlen(names);
		len = MIN(len, sizeof(name) - 1);
		memcpy(name, names, len);
		name[len] = 0;
		ktap_run_one(++number, name, bench);
		if (!end)
			return number;
	}
}

void ktap_run_again(void)
{
	again = true;
}

bool ktap_run_all(void)
{
	const char *tests = arg("test", NULL), *benches = arg("bench", NULL);
	unsigned int planned = 0, number = 0;

	planned += tests ? ktap_count_names(tests) : 0;
	planned += benches ? ktap_count_names(benches) : 0;
	print("1..%u\n", planned);
	if (!planned) {
		print("# missing test=NAME or bench=NAME\n");
		ktap_list_names(false);
		ktap_list_names(true);
	}
	if (tests)
		number = ktap_run_named(tests, false, number);
	if (benches)
		ktap_run_named(benches, true, number);
	return again;
}
