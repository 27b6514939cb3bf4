// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The functions of a guest, as all commands show them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vdmactl.h"

struct row *rows_add(struct rows *rows)
{
	if (rows->count == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 16;
		rows->row = need(realloc(rows->row,
					 rows->room * sizeof(*rows->row)));
	}
	memset(&rows->row[rows->count], 0, sizeof(*rows->row));
	return &rows->row[rows->count++];
}

static int by_address(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (*a->device && *b->device)
		return strcmp(a->device, b->device);
	if (*a->device || *b->device)
		return *a->device ? -1 : 1;
	return strcmp(a->path, b->path);
}

void rows_sort(struct rows *rows)
{
	if (rows->count)
		qsort(rows->row, rows->count, sizeof(*rows->row), by_address);
}

void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++) {
		free(rows->row[i].path);
		free(rows->row[i].disagreement);
	}
	free(rows->row);
}

void row_decided(struct row *row)
{
	const struct vdma_decision *d = &row->decision;

	row->decided = true;
	snprintf(row->mode, sizeof(row->mode), "%s", vdma_mode_name(d->mode));
	snprintf(row->reason, sizeof(row->reason), "%s",
		 vdma_reason_name(d->reason));
	vdma_passed_over_text(d, row->passed_over, sizeof(row->passed_over));
}

/* Is there something that somebody could change? */
static bool curable(enum vdma_reason reason)
{
	return reason != VDMA_REASON_NONE &&
	       reason != VDMA_REASON_SECURE_VETO &&
	       reason != VDMA_REASON_NOT_COHERENT;
}

enum verdict row_verdict(const struct row *row)
{
	const struct vdma_decision *d = &row->decision;
	unsigned int mode;

	if (row->disagreement)
		return VERDICT_WRONG;
	if (!row->decided)
		return VERDICT_WELL;
	if (d->mode == VDMA_MODE_REFUSE)
		return VERDICT_WRONG;
	for (mode = 0; mode < VDMA_MODE_COUNT; mode++)
		if (curable(d->passed_over[mode]))
			return VERDICT_WORSE;
	return curable(d->request) ? VERDICT_WORSE : VERDICT_WELL;
}

enum status rows_status(const struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (row_verdict(&rows->row[i]) != VERDICT_WELL)
			return STATUS_WORSE;
	return STATUS_WELL;
}
