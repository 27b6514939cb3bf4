// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Rows as JSON: an array of objects, in order. The keys are those of the
 * devices.json that `make boot` writes, and some more.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vdmactl.h"

/* Names come from the file system and may be no UTF-8. */
static json_t *text(const char *s)
{
	json_t *string = json_string(s);

	return string ? string : json_string("?");
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? text(s) : json_null();
}

static json_t *words(const char *list)
{
	json_t *array = json_array();
	char *copy = need(strdup(list));
	char *rest = NULL;
	char *word;

	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (strcmp(word, "-") != 0)
			json_array_append_new(array, text(word));
	free(copy);
	return array;
}

static json_t *assumed_facts(const struct row *row)
{
	json_t *array = json_array();
	unsigned int fact;

	for (fact = 0; row->virtio && fact < VDMA_DT_FACT_COUNT; fact++)
		if (row->source[fact] == VDMA_DT_DEFAULT)
			json_array_append_new(array, text(vdma_dt_fact_key(fact)));
	return array;
}

static json_t *object(const struct row *row, const struct style *style)
{
	bool f = vdma_facts_access_platform(&row->facts);
	json_t *o = json_object();

	json_object_set_new(o, "device", text_or_null(row->device));
	json_object_set_new(o, "path", text_or_null(row->path));
	json_object_set_new(o, "driver", text(row->driver));
	json_object_set_new(o, "f", row->virtio ? json_boolean(f) : json_null());
	json_object_set_new(o, "property",
			    json_boolean(row->facts.property !=
					 VDMA_PROPERTY_ABSENT));
	json_object_set_new(o, "secure", json_boolean(row->facts.secure));
	json_object_set_new(o, "mode", text(row->decided ? row->mode : "-"));
	json_object_set_new(o, "reason",
			    text(row->decided ? row->reason :
				 row->virtio ? "-" : "not-virtio"));
	json_object_set_new(o, "passed_over",
			    row->decided ? words(row->passed_over) :
					   json_array());
	if (style->assumed) {
		json_object_set_new(o, "row", json_integer(row->decision.row));
		json_object_set_new(o, "assumed", assumed_facts(row));
	} else {
		json_object_set_new(o, "disagreement",
				    text_or_null(row->disagreement));
	}
	return o;
}

void print_json(const struct rows *rows, const struct style *style)
{
	json_t *array = need(json_array());
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (json_array_append_new(array, object(&rows->row[i], style)))
			need(NULL);
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}
