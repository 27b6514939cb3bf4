// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Prints rows: as a table with the columns of `make boot`; as JSON, an array of objects in
 * the same order, with the keys of devices.json from `make boot` and more; or verbosely
 * (print_verbose.c).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vdmactl.h"

struct style {
	bool colour;
	bool assumed;		/* mark facts that were assumed */
};

/* Table --------------------------------------------------------------------- */

#define COLUMNS		7
#define CELL_MAX	VDMA_PASSED_OVER_MAX

static const char * const titles[COLUMNS] = {
	"DEVICE", "DRIVER", "F", "PROPERTY", "MODE", "REASON", "PASSED OVER",
};

/* Minimum widths: those of the usual content, so that tables align */
static const int usual_widths[COLUMNS] = { 12, 11, 1, 8, 8, 19, 0 };

#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define RED	"\033[31m"
#define PLAIN	"\033[0m"

static const char *table_colour(const struct row *row)
{
	static const char * const colours[] = {
		[ROW_OK] = GREEN,
		[ROW_DEGRADED] = YELLOW,
		[ROW_MISMATCH] = RED,
	};

	return row->decided ? colours[row_state(row)] : "";
}

static const char *table_property(const struct row *row)
{
	if (row->untagged)
		return "?";
	switch (row->facts.property) {
	case VDMA_PROPERTY_VALID:
		return "yes";
	case VDMA_PROPERTY_MALFORMED:
		return "bad";
	default:
		return "no";
	}
}

static void table_cell(const struct row *row, unsigned int column,
		       const struct style *style, char buf[CELL_MAX])
{
	const char *assumed = style->assumed &&
			      row->source[VDMA_DT_F] == VDMA_DT_DEFAULT ?
			      "?" : "";
	const char * const texts[COLUMNS] = {
		*row->device ? row->device : row->path,
		row->driver, "-", table_property(row),
		row->decided ? row->mode : "-",
		row->decided ? row->reason :
			       row->virtio ? "-" : "not-virtio",
		row->decided ? row->passed_over : "-",
	};

	if (column == 2 && row->virtio)
		snprintf(buf, CELL_MAX, "%d%s",
			 vdma_facts_access_platform(&row->facts), assumed);
	else if (column == 4)
		snprintf(buf, CELL_MAX, "%s%s", texts[column],
			 row->disagreement ? "!" : "");
	else
		snprintf(buf, CELL_MAX, "%s", texts[column]);
}

static void output_table(const struct rows *rows, const struct style *style)
{
	int widths[COLUMNS];
	char text[CELL_MAX];
	unsigned int column;
	size_t i;

	for (column = 0; column < COLUMNS; column++) {
		widths[column] = usual_widths[column];
		for (i = 0; i < rows->count; i++) {
			table_cell(&rows->row[i], column, style, text);
			if ((int)strlen(text) > widths[column])
				widths[column] = (int)strlen(text);
		}
	}

	for (column = 0; column < COLUMNS - 1; column++)
		printf("%-*s  ", widths[column], titles[column]);
	puts(titles[COLUMNS - 1]);
	for (i = 0; i < rows->count; i++) {
		const char *colour = style->colour ? table_colour(&rows->row[i]) :
						     "";

		for (column = 0; column < COLUMNS - 1; column++) {
			table_cell(&rows->row[i], column, style, text);
			printf("%s%-*s%s  ", column == 4 ? colour : "",
			       widths[column], text,
			       column == 4 && *colour ? PLAIN : "");
		}
		table_cell(&rows->row[i], COLUMNS - 1, style, text);
		puts(text);
	}
}

/* JSON ---------------------------------------------------------------------- */

/* Names come from the file system, so they may not be UTF-8. */
static json_t *json_text(const char *s)
{
	json_t *string = json_string(s);

	return string ? string : json_string("?");
}

static json_t *json_text_or_null(const char *s)
{
	return s && *s ? json_text(s) : json_null();
}

static json_t *json_words(const char *list)
{
	json_t *array = json_array();
	char *copy = xalloc(strdup(list));
	char *rest = NULL;
	char *word;

	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (strcmp(word, "-") != 0)
			json_array_append_new(array, json_text(word));
	free(copy);
	return array;
}

static json_t *json_assumed(const struct row *row)
{
	json_t *array = json_array();
	unsigned int fact;

	for (fact = 0; row->virtio && fact < VDMA_DT_FACT_COUNT; fact++)
		if (row->source[fact] == VDMA_DT_DEFAULT)
			json_array_append_new(array, json_text(vdma_dt_fact_key(fact)));
	return array;
}

static json_t *json_property(const struct row *row)
{
	return row->untagged ? json_null() :
	       json_boolean(row->facts.property != VDMA_PROPERTY_ABSENT);
}

static json_t *json_window(const struct row *row)
{
	return row->qemu.window == ROW_WINDOW_UNKNOWN ? json_null() :
	       json_boolean(row->qemu.window == ROW_WINDOW_OPEN);
}

static json_t *json_row(const struct row *row, const struct style *style)
{
	bool f = vdma_facts_access_platform(&row->facts);
	json_t *o = json_object();

	json_object_set_new(o, "device", json_text_or_null(row->device));
	json_object_set_new(o, "path", json_text_or_null(row->path));
	json_object_set_new(o, "driver", json_text(row->driver));
	json_object_set_new(o, "f", row->virtio ? json_boolean(f) : json_null());
	json_object_set_new(o, "property", json_property(row));
	json_object_set_new(o, "secure", json_boolean(row->facts.secure));
	json_object_set_new(o, "mode", json_text(row->decided ? row->mode : "-"));
	json_object_set_new(o, "reason",
			    json_text(row->decided ? row->reason :
				      row->virtio ? "-" : "not-virtio"));
	json_object_set_new(o, "passed_over",
			    row->decided ? json_words(row->passed_over) :
					   json_array());
	if (style->assumed) {
		json_object_set_new(o, "row", json_integer(row->decision.row));
		json_object_set_new(o, "assumed", json_assumed(row));
	}
	if (row->qemu.asked)
		json_object_set_new(o, "window", json_window(row));
	if (row->qemu.asked || !style->assumed)
		json_object_set_new(o, "disagreement",
				    json_text_or_null(row->disagreement));
	return o;
}

static void output_json(const struct rows *rows, const struct style *style)
{
	json_t *array = xalloc(json_array());
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (json_array_append_new(array, json_row(&rows->row[i], style)))
			xalloc(NULL);
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

/* Options --------------------------------------------------------------------- */

bool output_option(struct output *output, int option)
{
	switch (option) {
	case 'a':
		output->all = true;
		return true;
	case 'j':
		output->json = true;
		return true;
	case 'v':
		output->verbose = true;
		return true;
	default:
		return false;
	}
}

enum status output_rows(const struct rows *rows, const struct output *output,
			bool assumed)
{
	const char *no_colour = getenv("NO_COLOR");
	const struct style style = {
		.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour),
		.assumed = assumed,
	};

	if (output->json)
		output_json(rows, &style);
	else if (output->verbose)
		print_verbose(rows, style.colour);
	else
		output_table(rows, &style);
	return rows_status(rows);
}
