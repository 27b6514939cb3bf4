// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Rows as a table for people. The columns are those of `make boot`.
 */
#include <stdio.h>
#include <string.h>
#include "vdmactl.h"

#define COLUMNS		7
#define CELL_MAX	VDMA_PASSED_OVER_MAX

static const char * const titles[COLUMNS] = {
	"DEVICE", "DRIVER", "F", "PROPERTY", "MODE", "REASON", "PASSED OVER",
};

/* Columns are as wide as their usual content at least, so that tables align. */
static const int usual_widths[COLUMNS] = { 12, 11, 1, 8, 8, 19, 0 };

#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define RED	"\033[31m"
#define PLAIN	"\033[0m"

static const char *colour_of(const struct row *row)
{
	static const char * const colours[] = {
		[VERDICT_WELL] = GREEN,
		[VERDICT_WORSE] = YELLOW,
		[VERDICT_WRONG] = RED,
	};

	return row->decided ? colours[row_verdict(row)] : "";
}

static const char *property_text(const struct row *row)
{
	switch (row->facts.property) {
	case VDMA_PROPERTY_VALID:
		return "yes";
	case VDMA_PROPERTY_MALFORMED:
		return "bad";
	default:
		return "no";
	}
}

static void cell(const struct row *row, unsigned int column,
		 const struct style *style, char buf[CELL_MAX])
{
	const char *assumed = style->assumed &&
			      row->source[VDMA_DT_F] == VDMA_DT_DEFAULT ?
			      "?" : "";
	const char * const texts[COLUMNS] = {
		*row->device ? row->device : row->path,
		row->driver, "-", property_text(row),
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

void print_table(const struct rows *rows, const struct style *style)
{
	int widths[COLUMNS];
	char text[CELL_MAX];
	unsigned int column;
	size_t i;

	for (column = 0; column < COLUMNS; column++) {
		widths[column] = usual_widths[column];
		for (i = 0; i < rows->count; i++) {
			cell(&rows->row[i], column, style, text);
			if ((int)strlen(text) > widths[column])
				widths[column] = (int)strlen(text);
		}
	}

	for (column = 0; column < COLUMNS - 1; column++)
		printf("%-*s  ", widths[column], titles[column]);
	puts(titles[COLUMNS - 1]);
	for (i = 0; i < rows->count; i++) {
		const char *colour = style->colour ? colour_of(&rows->row[i]) :
						     "";

		for (column = 0; column < COLUMNS - 1; column++) {
			cell(&rows->row[i], column, style, text);
			printf("%s%-*s%s  ", column == 4 ? colour : "",
			       widths[column], text,
			       column == 4 && *colour ? PLAIN : "");
		}
		cell(&rows->row[i], COLUMNS - 1, style, text);
		puts(text);
	}
}
