// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Allocations that never fail, and errors in the command line
 */
#define _GNU_SOURCE		/* vasprintf() */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vdmactl.h"

void *xalloc(void *memory)
{
	if (!memory)
		errx(STATUS_UNREADABLE, "out of memory");
	return memory;
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return xalloc(text);
}

enum status usage_error(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see vdmactl --help\n", stderr);
	return STATUS_USAGE;
}

enum status usage_option(char **argv)
{
	return usage_error("%s %s: unknown option or missing argument",
			   argv[0], argv[optind - 1]);
}
