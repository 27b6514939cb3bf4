// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Rewrites a page of documentation for mk/docs.mk: copies standard input to standard
 * output and fills in the tables, each between a line
 *
 *	<!-- table: NAME -->
 *
 * and the next empty line, from the table that test_policy.c checks (policy_table.h) and
 * the texts in vdma/policy.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vdma/policy.h>
#include "policy_table.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *word, *text, *negated;
} words[] = {
#define WORD_TEXT(word, holds, text, negated) { word, text, negated },
	POLICY_WORDS(WORD_TEXT)
#undef WORD_TEXT
};

static const struct {
	const char *word, *meaning;
} reasons[] = {
#define REASON_TEXT(name, word, meaning) { word, meaning },
	VDMA_REASONS(REASON_TEXT)
#undef REASON_TEXT
};

static void give_up(const char *what, const char *which)
{
	fprintf(stderr, "policy_doc: %s: %s\n", what, which);
	exit(EXIT_FAILURE);
}

static const char *say(const char *word)
{
	bool negated = word[0] == '!';
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		const char *text = negated ? words[i].negated : words[i].text;

		if (!strcmp(words[i].word, word + negated) && text)
			return text;
	}
	give_up("policy_table.h has no text for the condition", word);
	return NULL;
}

/* Text of a condition: "SEC, not V1" */
static void print_condition(const char *when)
{
	char copy[128], *word, *rest = NULL;
	const char *comma = "";

	printf("| ");
	if (!*when)
		printf("always");
	snprintf(copy, sizeof(copy), "%s", when);
	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		printf("%s%s", comma, say(word));
		comma = ", ";
	}
	putchar(' ');
}

static void print_rows(void)
{
	size_t i;

	printf("| row | when | mode | reason |\n|---|---|---|---|\n");
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		printf("| %u ", table[i].row);
		print_condition(table[i].when);
		printf("| `%s` | `%s` |\n", table[i].mode, table[i].reason);
	}
}

static void print_obstacles(const char *mode)
{
	size_t i;

	printf("| of `%s` | reason |\n|---|---|\n", mode);
	for (i = 0; i < ARRAY_SIZE(obstacles); i++) {
		if (strcmp(obstacles[i].mode, mode) != 0)
			continue;
		print_condition(obstacles[i].when);
		printf("| `%s` |\n", obstacles[i].reason);
	}
}

static void print_bypass(void)
{
	print_obstacles("bypass");
}

static void print_identity(void)
{
	print_obstacles("identity");
}

static void print_requests(void)
{
	size_t i;

	printf("| asked for | when | what becomes of it |\n|---|---|---|\n");
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		printf("| `%s` ", requests[i].asked);
		print_condition(requests[i].when);
		printf("| `%s` |\n", requests[i].verdict);
	}
}

static void print_reasons(void)
{
	size_t i;

	printf("| reason | what it says |\n|---|---|\n");
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		printf("| `%s` | %s |\n", reasons[i].word, reasons[i].meaning);
}

static struct {
	const char *name;
	void (*print)(void);
	bool printed;
} tables[] = {
	{ "rows", print_rows, false },
	{ "bypass", print_bypass, false },
	{ "identity", print_identity, false },
	{ "requests", print_requests, false },
	{ "reasons", print_reasons, false },
};

static void print_table(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (strcmp(tables[i].name, name) != 0)
			continue;
		if (tables[i].printed)
			give_up("the page has this table twice", name);
		tables[i].printed = true;
		tables[i].print();
		return;
	}
	give_up("there is no such table", name);
}

int main(void)
{
	char line[1024], name[32];
	bool old = false;
	size_t i;

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "\n"))
			old = false;
		if (old)
			continue;
		fputs(line, stdout);
		if (sscanf(line, "<!-- table: %31s -->", name) == 1) {
			print_table(name);
			old = true;
		}
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		if (!tables[i].printed)
			give_up("the page has no place for the table",
				tables[i].name);
	return ferror(stdin) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
