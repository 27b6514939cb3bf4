// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl status: what the module says of each device of this guest, joined
 * with the device tree.
 *
 * The decision is taken once more, from the tree's facts and from those that
 * only the guest can know (learn.c). If it does not come out the same, module
 * and tree disagree.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sysfs.h"
#include "vdmactl.h"

/* PCI Code and ID Assignment: base class 06 has bridges. */
#define PCI_CLASS_BRIDGE	0x06

static bool read_module(const char *virtio, struct row *row)
{
	char folder[PATH_MAX];

	if (!path_format(folder, "%s/dma_policy", virtio))
		return false;
	return read_text(folder, "mode", row->mode, sizeof(row->mode)) &&
	       read_text(folder, "reason", row->reason, sizeof(row->reason)) &&
	       read_text(folder, "passed_over", row->passed_over,
			 sizeof(row->passed_over));
}

/* Is the window that the module uses the one that firmware has tagged? */
static bool window_fits(const char *virtio, const struct row *row)
{
	char folder[PATH_MAX];
	uint64_t base;

	return row->decision.mode != VDMA_MODE_BYPASS ||
	       !path_format(folder, "%s/dma_policy", virtio) ||
	       !read_number(folder, "window_base", &base) ||
	       base == row->facts.property_window.base;
}

static char *text_of(const char *format, const char *a, const char *b,
		     const char *c)
{
	int len = snprintf(NULL, 0, format, a, b, c);
	char *text = need(malloc((size_t)len + 1));

	sprintf(text, format, a, b, c);
	return text;
}

static void compare(const char *virtio, struct row *row)
{
	const struct vdma_decision *d = &row->decision;
	char passed_over[VDMA_PASSED_OVER_MAX];

	vdma_passed_over_text(d, passed_over, sizeof(passed_over));
	if (strcmp(row->mode, vdma_mode_name(d->mode)) ||
	    strcmp(row->reason, vdma_reason_name(d->reason)) ||
	    strcmp(row->passed_over, passed_over))
		row->disagreement =
			text_of("the device tree calls for mode %s, reason %s, passed over %s",
				vdma_mode_name(d->mode),
				vdma_reason_name(d->reason), passed_over);
	else if (!window_fits(virtio, row))
		row->disagreement =
			text_of("its bypass window is not the one that firmware has tagged%s%s%s",
				"", "", "");
	if (row->disagreement)
		complain("%s: the module says mode %s, reason %s, passed over %s; %s",
			 row->device, row->mode, row->reason, row->passed_over,
			 row->disagreement);
}

static void join(const char *sysfs, const char *virtio, bool bound,
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

	if (path_format(cpu, "%s/devices/system/cpu", sysfs))
		read_number(cpu, "svm", &secure);
	learn_secure(secure, &assume);
	learn_features(virtio, bound, &assume);

	row->decided = read_module(virtio, row);
	if (row->decided)
		learn_from_module(row, &assume);
	vdma_dt_facts(dt, fn, &assume, &row->facts, row->source);
	vdma_decide(&row->facts, &row->decision);
	if (row->decided)
		compare(virtio, row);
}

/* What the tree says of a node; nothing, if it has no such function. */
static void find_node(const struct vdma_dt *dt, const char *path,
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

static void add_function(struct rows *rows, const char *sysfs, const char *name,
			 const struct vdma_dt *dt, bool all)
{
	char function[PATH_MAX], virtio[PATH_MAX];
	struct vdma_dt_function fn;
	bool is_virtio;
	uint64_t class_code = 0;
	struct row *row;
	bool bound;

	if (!path_format(function, "%s/bus/pci/devices/%s", sysfs, name))
		return;
	is_virtio = virtio_folder(function, virtio);
	read_number(function, "class", &class_code);
	if (class_code >> 16 == PCI_CLASS_BRIDGE || (!is_virtio && !all))
		return;

	row = rows_add(rows);
	snprintf(row->device, sizeof(row->device), "%.*s",
		 (int)sizeof(row->device) - 1, name);
	row->path = live_path(function);
	row->virtio = is_virtio;
	bound = link_name(is_virtio ? virtio : function, "driver", row->driver,
			  sizeof(row->driver));
	if (!bound)
		row->driver[0] = '-';
	find_node(dt, row->path, &fn);
	if (is_virtio)
		join(sysfs, virtio, bound, dt, &fn, row);
	else
		vdma_dt_facts(dt, &fn, NULL, &row->facts, row->source);
}

static bool wanted(const char *name, int count, char **names)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return !count;
}

/* Rows of all functions or of those named; false, after a line, if it can't. */
static bool collect(struct rows *rows, const char *sysfs, int count,
		    char **names, bool all)
{
	struct dirent **entries;
	char bus[PATH_MAX];
	struct blob blob;
	struct vdma_dt dt;
	int i, found = -1;

	if (!live_tree(sysfs, &blob, &dt))
		return false;
	if (path_format(bus, "%s/bus/pci/devices", sysfs))
		found = scandir(bus, &entries, no_dots, alphasort);
	if (found < 0)
		complain("%s: no PCI bus there", sysfs);
	for (i = 0; i < found; i++) {
		if (wanted(entries[i]->d_name, count, names))
			add_function(rows, sysfs, entries[i]->d_name, &dt,
				     all || count);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	free(blob.data);
	return found >= 0;
}

/* Every device named must be there, and the module if there is a device. */
static bool complete(const struct rows *rows, int count, char **names)
{
	bool decided = false, virtio = false;
	size_t i;
	int n;

	for (n = 0; n < count; n++) {
		for (i = 0; i < rows->count; i++)
			if (!strcmp(rows->row[i].device, names[n]))
				break;
		if (i == rows->count) {
			complain("%s: no such PCI function", names[n]);
			return false;
		}
	}
	for (i = 0; i < rows->count; i++) {
		virtio |= rows->row[i].virtio;
		decided |= rows->row[i].decided;
	}
	if (virtio && !decided)
		complain("virtio_dma_policy is not loaded; the kernel's own choice is in force");
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
			return wrong_option(argv);
	}
	argc -= optind;
	argv += optind;
	if (!collect(&rows, sysfs, argc, argv, output.all)) {
		rows_free(&rows);
		return STATUS_UNREADABLE;
	}
	status = show(&rows, &output, false);
	if (!complete(&rows, argc, argv))
		status = STATUS_UNREADABLE;
	rows_free(&rows);
	return status;
}
