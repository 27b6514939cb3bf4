// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Rows: the functions of a guest as all commands print them, with their PCI addresses and
 * the names of Linux's drivers, from the virtio device type (virtio 1.2, 4.1.2 and 5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/abi.h>
#include "vdmactl.h"

struct row *rows_add(struct rows *rows)
{
	if (rows->count == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 16;
		rows->row = xalloc(realloc(rows->row,
					   rows->room * sizeof(*rows->row)));
	}
	memset(&rows->row[rows->count], 0, sizeof(*rows->row));
	return &rows->row[rows->count++];
}

static int row_compare(const void *left, const void *right)
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
		qsort(rows->row, rows->count, sizeof(*rows->row), row_compare);
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

/* Sets mode, reason and passed_over from the decision. */
static void row_set_decision(struct row *row)
{
	const struct vdma_decision *d = &row->decision;

	row->decided = true;
	snprintf(row->mode, sizeof(row->mode), "%s", vdma_mode_name(d->mode));
	snprintf(row->reason, sizeof(row->reason), "%s",
		 vdma_reason_name(d->reason));
	vdma_passed_over_text(d, row->passed_over, sizeof(row->passed_over));
}

/* Could an administrator change this? */
static bool row_avoidable(enum vdma_reason reason)
{
	return reason != VDMA_REASON_NONE &&
	       reason != VDMA_REASON_SECURE_VETO &&
	       reason != VDMA_REASON_NOT_COHERENT;
}

enum row_state row_state(const struct row *row)
{
	const struct vdma_decision *d = &row->decision;
	unsigned int mode;

	if (row->disagreement)
		return ROW_MISMATCH;
	if (!row->decided)
		return ROW_OK;
	if (d->mode == VDMA_MODE_REFUSE)
		return ROW_MISMATCH;
	for (mode = 0; mode < VDMA_MODE_COUNT; mode++)
		if (row_avoidable(d->passed_over[mode]))
			return ROW_DEGRADED;
	return row_avoidable(d->request) ? ROW_DEGRADED : ROW_OK;
}

enum status rows_status(const struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		if (row_state(&rows->row[i]) != ROW_OK)
			return STATUS_DEGRADED;
	return STATUS_OK;
}

/* Names --------------------------------------------------------------------- */

static const char * const drivers[] = {
	[1] = "virtio_net",
	[2] = "virtio_blk",
	[3] = "virtio_console",
	[4] = "virtio_rng",
	[5] = "virtio_balloon",
	[8] = "virtio_scsi",
	[9] = "9pnet_virtio",
	[16] = "virtio_gpu",
	[18] = "virtio_input",
	[19] = "virtio_vsock",
	[20] = "virtio_crypto",
	[23] = "virtio_iommu",
	[24] = "virtio_mem",
	[26] = "virtiofs",
	[27] = "virtio_pmem",
};

/* Device types of transitional identifiers, in their order */
static const uint8_t transitional[] = { 1, 2, 5, 3, 8, 4, 0, 0, 0, 9 };

void row_pci_address(const struct vdma_dt_function *fn, char *buf, size_t size)
{
	unsigned int devfn =
		fn->config_addr >> VDMA_CONFIG_ADDR_DEVFN_SHIFT & 0xff;

	snprintf(buf, size, "%04x:%02x:%02x.%x", fn->domain,
		 fn->config_addr >> VDMA_CONFIG_ADDR_BUS_SHIFT & 0xff,
		 devfn >> 3, devfn & 7);
}

/* Name of Linux's driver for a virtio function */
static void row_driver_name(const struct vdma_dt_function *fn, char *buf, size_t size)
{
	unsigned int type = 0;

	if (!fn->virtio) {
		snprintf(buf, size, "%04x:%04x", fn->vendor, fn->device);
		return;
	}
	if (!fn->transitional)
		type = fn->device - VDMA_PCI_MODERN_FIRST;
	else if (fn->device - VDMA_PCI_TRANSITIONAL_FIRST <
		 (int)sizeof(transitional))
		type = transitional[fn->device - VDMA_PCI_TRANSITIONAL_FIRST];

	if (type < sizeof(drivers) / sizeof(*drivers) && drivers[type])
		snprintf(buf, size, "%s", drivers[type]);
	else
		snprintf(buf, size, "virtio:%04x", fn->device);
}

struct row *rows_add_decided(struct rows *rows, const struct vdma_dt *dt,
			     const struct vdma_dt_function *fn,
			     const struct vdma_dt_assume *assume)
{
	struct row *row = rows_add(rows);

	if (fn->addressed)
		row_pci_address(fn, row->device, sizeof(row->device));
	row_driver_name(fn, row->driver, sizeof(row->driver));
	row->path = xalloc(strdup(fn->path));
	row->virtio = fn->virtio;
	vdma_dt_facts(dt, fn, assume, &row->facts, row->source);
	if (fn->virtio) {
		vdma_decide(&row->facts, &row->decision);
		row_set_decision(row);
	}
	return row;
}
