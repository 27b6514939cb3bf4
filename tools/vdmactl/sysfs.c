// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Reads a live guest: files and links of sysfs, and its device tree, which is flattened from
 * the folders and files in which the kernel shows it. /sys/firmware/fdt lacks nodes plugged
 * since boot and properties that the kernel has added.
 */
#include <err.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vdma/error.h>
#include "sysfs.h"
#include "vdmactl.h"

bool sysfs_path(char path[PATH_MAX], const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, PATH_MAX, format, args);
	va_end(args);
	return len >= 0 && len < PATH_MAX;
}

ssize_t sysfs_read(const char *folder, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	if (!sysfs_path(path, "%s/%s", folder, name))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, buf, size);
	close(fd);
	return got;
}

bool sysfs_read_text(const char *folder, const char *name, char *buf, size_t size)
{
	ssize_t len = sysfs_read(folder, name, buf, size - 1);

	if (len < 0)
		return false;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

bool sysfs_read_number(const char *folder, const char *name, uint64_t *number)
{
	char text[32];
	char *end;

	if (!sysfs_read_text(folder, name, text, sizeof(text)))
		return false;
	*number = strtoull(text, &end, 0);
	return end != text && !*end;
}

char *sysfs_node_path(const char *function)
{
	static const char root[] = LIVE_TREE "/";
	char node[PATH_MAX], link[PATH_MAX];
	const char *path;

	if (!sysfs_path(link, "%s/of_node", function) || !realpath(link, node))
		return NULL;
	path = strstr(node, root);
	return path ? xalloc(strdup(path + sizeof(root) - 2)) : NULL;
}

bool sysfs_link_name(const char *folder, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t len;

	if (!sysfs_path(path, "%s/%s", folder, name))
		return false;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(buf, size, "%s", last ? last + 1 : target);
	return true;
}

int sysfs_no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int sysfs_is_virtio(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "virtio", 6) &&
	       entry->d_name[6] >= '0' && entry->d_name[6] <= '9';
}

bool sysfs_virtio(const char *function, char folder[PATH_MAX])
{
	struct dirent **entries;
	int i, count = scandir(function, &entries, sysfs_is_virtio, alphasort);
	bool found = count > 0;

	if (found)
		found = sysfs_path(folder, "%s/%s", function,
				   entries[0]->d_name);
	for (i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	return found;
}

/* The device tree ------------------------------------------------------------- */

#define TREE_FIRST_SIZE	(128u << 10)
#define TREE_MAX_SIZE	(64u << 20)
/* Properties are cut to this size; those that matter have a few bytes. */
#define PROPERTY_MAX	(64u << 10)

static int sysfs_put_node(void *fdt, const char *folder, const char *name);

/* The format requires properties before nodes. */
static int sysfs_put_entries(void *fdt, const char *folder,
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
		    !sysfs_path(path, "%s/%s", folder, name))
			continue;
		if (nodes) {
			error = sysfs_put_node(fdt, path, name);
			continue;
		}
		len = sysfs_read(folder, name, value, sizeof(value));
		if (len >= 0)
			error = fdt_property(fdt, name, value, (int)len);
	}
	return error;
}

static int sysfs_put_node(void *fdt, const char *folder, const char *name)
{
	struct dirent **entries;
	int i, count = scandir(folder, &entries, sysfs_no_dots, alphasort);
	int error;

	if (count < 0)
		return -FDT_ERR_NOTFOUND;
	error = fdt_begin_node(fdt, name);
	if (!error)
		error = sysfs_put_entries(fdt, folder, entries, count, false);
	if (!error)
		error = sysfs_put_entries(fdt, folder, entries, count, true);
	if (!error)
		error = fdt_end_node(fdt);
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return error;
}

static int sysfs_flatten(struct blob *blob, const char *base)
{
	int error = fdt_create(blob->data, (int)blob->size);

	if (!error)
		error = fdt_finish_reservemap(blob->data);
	if (!error)
		error = sysfs_put_node(blob->data, base, "");
	return error ? error : fdt_finish(blob->data);
}

bool sysfs_tree(const char *sysfs, struct blob *blob, struct vdma_dt *dt)
{
	char base[PATH_MAX];
	int error;

	if (!sysfs_path(base, "%s" LIVE_TREE, sysfs)) {
		warnx("cannot read %s: name too long", sysfs);
		return false;
	}
	*blob = (struct blob){ .size = TREE_FIRST_SIZE };
	do {
		blob->size *= 2;
		free(blob->data);
		blob->data = xalloc(malloc(blob->size));
		error = sysfs_flatten(blob, base);
	} while (error == -FDT_ERR_NOSPACE && blob->size < TREE_MAX_SIZE);

	if (error == -FDT_ERR_NOTFOUND)
		warnx("cannot read %s: no device tree", base);
	else if (error)
		warnx("cannot read %s: %s", base, fdt_strerror(error));
	if (error || vdma_dt_open(dt, blob->data, blob->size)) {
		free(blob->data);
		return false;
	}
	return true;
}
