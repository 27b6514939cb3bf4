// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Small files, links and folders below a root that stands for /sys.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sysfs.h"
#include "vdmactl.h"

bool path_format(char path[PATH_MAX], const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, PATH_MAX, format, args);
	va_end(args);
	return len >= 0 && len < PATH_MAX;
}

ssize_t read_bytes(const char *folder, const char *name, void *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	if (!path_format(path, "%s/%s", folder, name))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, buf, size);
	close(fd);
	return got;
}

bool read_text(const char *folder, const char *name, char *buf, size_t size)
{
	ssize_t len = read_bytes(folder, name, buf, size - 1);

	if (len < 0)
		return false;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

bool read_number(const char *folder, const char *name, uint64_t *number)
{
	char text[32];
	char *end;

	if (!read_text(folder, name, text, sizeof(text)))
		return false;
	*number = strtoull(text, &end, 0);
	return end != text && !*end;
}

char *live_path(const char *function)
{
	static const char root[] = LIVE_TREE "/";
	char node[PATH_MAX], link[PATH_MAX];
	const char *path;

	if (!path_format(link, "%s/of_node", function) || !realpath(link, node))
		return NULL;
	path = strstr(node, root);
	return path ? need(strdup(path + sizeof(root) - 2)) : NULL;
}

bool link_name(const char *folder, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t len;

	if (!path_format(path, "%s/%s", folder, name))
		return false;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(buf, size, "%s", last ? last + 1 : target);
	return true;
}

int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int is_virtio(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "virtio", 6) &&
	       entry->d_name[6] >= '0' && entry->d_name[6] <= '9';
}

bool virtio_folder(const char *function, char folder[PATH_MAX])
{
	struct dirent **entries;
	int i, count = scandir(function, &entries, is_virtio, alphasort);
	bool found = count > 0;

	if (found)
		found = path_format(folder, "%s/%s", function,
				    entries[0]->d_name);
	for (i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	return found;
}
