// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* The command line: words NAME=VALUE. */
#include "args.h"
#include "base.h"
#include "console.h"

#define LINE_MAX	1024

static char line[LINE_MAX];

void args_init(const char *bootargs)
{
	size_t i, len = strlen(bootargs);

	if (len >= sizeof(line))
		bail_out("cannot use the command line: %zu characters, maximum %u",
			 len, LINE_MAX - 1);
	memcpy(line, bootargs, len);
	for (i = 0; i < len; i++) {
		if (line[i] == ' ')
			line[i] = 0;
	}
}

const char *arg(const char *name, const char *fallback)
{
	size_t len = strlen(name);
	const char *word;

	for (word = line; word < line + LINE_MAX; word += strlen(word) + 1) {
		if (!strncmp(word, name, len) && word[len] == '=')
			return word + len + 1;
	}
	return fallback;
}

uint64_t arg_number(const char *name, uint64_t fallback)
{
	const char *text = arg(name, NULL), *c;
	uint64_t value = 0;

	if (!text)
		return fallback;
	for (c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			bail_out("%s=%s is not a number", name, text);
		value = value * 10 + (uint64_t)(*c - '0');
	}
	return value;
}
