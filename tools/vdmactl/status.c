// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl status: compares the module's decision about each device of this guest with the
 * device tree.
 *
 * Decides again from the tree's facts and from those that only the guest knows (infer.c).
 * If the result differs, module and tree disagree.
 */
#include <dirent.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sysfs.h"
#include "vdmactl.h"

/* PCI Code and ID Assignment: base class of bridges */
#define PCI_CLASS_BRIDGE	0x06

static bool status_read_module(const char *virtio, struct row *row)
{
	char folder[PATH_MAX];

	if (!sysfs_path(folder, "%s/dma_policy", virtio))
		return false;
	return sysfs_read_text(folder, "mode", row->mode, sizeof(row->mode)) &&
	       sysfs_read_text(folder, "reason", row->reason, sizeof(row->reason)) &&
	       sysfs_read_text(folder, "passed_over", row->passed_over,
			       sizeof(row->passed_over));
}

/* Is the window in use the one in the device tree? */
static bool status_window_fits(const char *virtio, const struct row *row)
{
	char folder[PATH_MAX];
	uint64_t base;

	return row->decision.mode != VDMA_MODE_BYPASS ||
	       !sysfs_path(folder, "%s/dma_policy", virtio) ||
	       !sysfs_read_number(folder, "window_base", &base) ||
	       base == row->facts.property_window.base;
}

static void status_compare(const char *virtio, struct row *row)
{
	const struct vdma_decision *d = &row->decision;
	char passed_over[VDMA_PASSED_OVER_MAX];

	vdma_passed_over_text(d, passed_over, sizeof(passed_over));
	if (strcmp(row->mode, vdma_mode_name(d->mode)) ||
	    strcmp(row->reason, vdma_reason_name(d->reason)) ||
	    strcmp(row->passed_over, passed_over))
		row->disagreement =
			xasprintf("the device tree calls for mode %s, reason %s, passed over %s",
				  vdma_mode_name(d->mode),
				  vdma_reason_name(d->reason), passed_over);
	else if (!status_window_fits(virtio, row))
		row->disagreement =
			xasprintf("its bypass window differs from the one in the device tree");
	if (row->disagreement)
		warnx("%s: the module says mode %s, reason %s, passed over %s; %s",
		      row->device, row->mode, row->reason, row->passed_over,
		      row->disagreement);
}

static void status_join(const char *sysfs, const char *virtio, bool bound,
			const struct vdma_dt *dt, const struct vdma_dt_function *fn,
			struct row *row)
{
	struct vdma_dt_assume assume = {
		.facts = {
			.request = VDMA_MODE_AUTO,
			.live = VDMA_MODE_AUTO,
		},
	};
	uint64_t secure = 0;
	char cpu[PATH_MAX];

	if (sysfs_path(cpu, "%s/devices/system/cpu", sysfs))
		sysfs_read_number(cpu, "svm", &secure);
	infer_secure(secure, &assume);
	infer_features(virtio, bound, &assume);

	row->decided = status_read_module(virtio, row);
	if (row->decided)
		infer_from_module(row, &assume);
	vdma_dt_facts(dt, fn, &assume, &row->facts, row->source);
	vdma_decide(&row->facts, &row->decision);
	if (row->decided)
		status_compare(virtio, row);
}

/* Finds the function at @path in the tree; zeroed if there is no such function. */
static void status_find_node(const struct vdma_dt *dt, const char *path,
			     struct vdma_dt_function *fn)
{
	struct vdma_dt_cursor cursor;

	vdma_dt_start(&cursor, dt);
	while (path && vdma_dt_next(&cursor, fn) > 0)
		if (!strcmp(fn->path, path)) {
			fn->path = path;
			return;
		}
	*fn = (struct vdma_dt_function){ 0 };
}

static void status_add(struct rows *rows, const char *sysfs, const char *name,
		       const struct vdma_dt *dt, bool all)
{
	char function[PATH_MAX], virtio[PATH_MAX];
	struct vdma_dt_function fn;
	bool is_virtio;
	uint64_t class_code = 0;
	struct row *row;
	bool bound;

	if (!sysfs_path(function, "%s/bus/pci/devices/%s", sysfs, name))
		return;
	is_virtio = sysfs_virtio(function, virtio);
	sysfs_read_number(function, "class", &class_code);
	if (class_code >> 16 == PCI_CLASS_BRIDGE || (!is_virtio && !all))
		return;

	row = rows_add(rows);
	snprintf(row->device, sizeof(row->device), "%.*s",
		 (int)sizeof(row->device) - 1, name);
	row->path = sysfs_node_path(function);
	row->virtio = is_virtio;
	bound = sysfs_link_name(is_virtio ? virtio : function, "driver", row->driver,
				sizeof(row->driver));
	if (!bound)
		row->driver[0] = '-';
	status_find_node(dt, row->path, &fn);
	if (is_virtio)
		status_join(sysfs, virtio, bound, dt, &fn, row);
	else
		vdma_dt_facts(dt, &fn, NULL, &row->facts, row->source);
}

static bool status_wanted(const char *name, int count, char **names)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return !count;
}

/* Collects all functions, or those named; false, with a message, on an error. */
static bool status_collect(struct rows *rows, const char *sysfs, int count,
			   char **names, bool all)
{
	struct dirent **entries;
	char bus[PATH_MAX];
	struct blob blob;
	struct vdma_dt dt;
	int i, found = -1;

	if (!sysfs_tree(sysfs, &blob, &dt))
		return false;
	if (sysfs_path(bus, "%s/bus/pci/devices", sysfs))
		found = scandir(bus, &entries, sysfs_no_dots, alphasort);
	if (found < 0)
		warnx("cannot read %s: no PCI bus", sysfs);
	for (i = 0; i < found; i++) {
		if (status_wanted(entries[i]->d_name, count, names))
			status_add(rows, sysfs, entries[i]->d_name, &dt,
				   all || count);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	free(blob.data);
	return found >= 0;
}

/* Were all named devices found? And is the module loaded, if there are virtio devices? */
static bool status_complete(const struct rows *rows, int count, char **names)
{
	bool decided = false, virtio = false;
	size_t i;
	int n;

	for (n = 0; n < count; n++) {
		for (i = 0; i < rows->count; i++)
			if (!strcmp(rows->row[i].device, names[n]))
				break;
		if (i == rows->count) {
			warnx("cannot find %s: no such PCI function", names[n]);
			return false;
		}
	}
	for (i = 0; i < rows->count; i++) {
		virtio |= rows->row[i].virtio;
		decided |= rows->row[i].decided;
	}
	if (virtio && !decided)
		warnx("virtio_dma_policy is not loaded; the kernel's own choice applies");
	return decided || !virtio;
}

enum status cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all",     no_argument,	NULL, 'a' },
		{ "json",    no_argument,	NULL, 'j' },
		{ "sysfs",   required_argument, NULL, 'S' },
		{ "verbose", no_argument,	NULL, 'v' },
		{ NULL,	     0,			NULL, 0 },
	};
	const char *sysfs = "/sys";
	struct output output = { 0 };
	struct rows rows = { 0 };
	enum status status;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "ajv", options, NULL)) != -1) {
		if (option == 'S')
			sysfs = optarg;
		else if (!output_option(&output, option))
			return usage_option(argv);
	}
	argc -= optind;
	argv += optind;
	if (!status_collect(&rows, sysfs, argc, argv, output.all)) {
		rows_free(&rows);
		return STATUS_UNREADABLE;
	}
	status = output_rows(&rows, &output, false);
	if (!status_complete(&rows, argc, argv))
		status = STATUS_UNREADABLE;
	rows_free(&rows);
	return status;
}
