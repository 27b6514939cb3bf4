// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The live device tree as a flattened one. The kernel shows it as folders and
 * files; /sys/firmware/fdt lacks what was plugged since boot, and what the
 * kernel has noted.
 */
#include <dirent.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/error.h>
#include "sysfs.h"
#include "vdmactl.h"

#define TREE_FIRST_SIZE	(128u << 10)
#define TREE_MAX_SIZE	(64u << 20)
/* Properties are cut to this; those that matter here have a few bytes. */
#define PROPERTY_MAX	(64u << 10)

static int put_node(void *fdt, const char *folder, const char *name);

/* Properties first, then nodes, as the format wants it. */
static int put_entries(void *fdt, const char *folder,
		       struct dirent **entries, int count, bool nodes)
{
	static uint8_t value[PROPERTY_MAX];
	char path[PATH_MAX];
	int i, error = 0;

	for (i = 0; i < count && !error; i++) {
		const char *name = entries[i]->d_name;
		ssize_t len;

		bool node = entries[i]->d_type == DT_DIR;

		if (node != nodes ||
		    !path_format(path, "%s/%s", folder, name))
			continue;
		if (nodes) {
			error = put_node(fdt, path, name);
			continue;
		}
		len = read_bytes(folder, name, value, sizeof(value));
		if (len >= 0)
			error = fdt_property(fdt, name, value, (int)len);
	}
	return error;
}

static int put_node(void *fdt, const char *folder, const char *name)
{
	struct dirent **entries;
	int i, count = scandir(folder, &entries, no_dots, alphasort);
	int error;

	if (count < 0)
		return -FDT_ERR_NOTFOUND;
	error = fdt_begin_node(fdt, name);
	if (!error)
		error = put_entries(fdt, folder, entries, count, false);
	if (!error)
		error = put_entries(fdt, folder, entries, count, true);
	if (!error)
		error = fdt_end_node(fdt);
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return error;
}

static int flatten(struct blob *blob, const char *base)
{
	int error = fdt_create(blob->data, (int)blob->size);

	if (!error)
		error = fdt_finish_reservemap(blob->data);
	if (!error)
		error = put_node(blob->data, base, "");
	return error ? error : fdt_finish(blob->data);
}

bool live_tree(const char *sysfs, struct blob *blob, struct vdma_dt *dt)
{
	char base[PATH_MAX];
	int error;

	if (!path_format(base, "%s" LIVE_TREE, sysfs)) {
		complain("%s: name too long", sysfs);
		return false;
	}
	*blob = (struct blob){ .size = TREE_FIRST_SIZE };
	do {
		blob->size *= 2;
		free(blob->data);
		blob->data = need(malloc(blob->size));
		error = flatten(blob, base);
	} while (error == -FDT_ERR_NOSPACE && blob->size < TREE_MAX_SIZE);

	if (error == -FDT_ERR_NOTFOUND)
		complain("%s: no device tree there", base);
	else if (error)
		complain("%s: %s", base, fdt_strerror(error));
	if (error || vdma_dt_open(dt, blob->data, blob->size)) {
		free(blob->data);
		return false;
	}
	return true;
}
