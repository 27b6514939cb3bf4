/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Reads a live guest for vdmactl status. Folders are paths below a root that stands for
 * /sys.
 */
#ifndef VDMACTL_SYSFS_H
#define VDMACTL_SYSFS_H

#include <dirent.h>
#include <limits.h>
#include <sys/types.h>
#include <vdma/dt.h>
#include "vdmactl.h"

#define LIVE_TREE	"/firmware/devicetree/base"

/* Formats a path; false if it is too long. */
bool sysfs_path(char path[PATH_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads a file; returns its length, or -1 if it cannot be read. */
ssize_t sysfs_read(const char *folder, const char *name, void *buf,
		   size_t size);
/* Reads the first line of a file, without its newline. */
bool sysfs_read_text(const char *folder, const char *name, char *buf, size_t size);
bool sysfs_read_number(const char *folder, const char *name, uint64_t *number);
/* Gets the last component of a link's target. */
bool sysfs_link_name(const char *folder, const char *name, char *buf, size_t size);

/* Reads the live device tree; false, with a message, on an error. */
bool sysfs_tree(const char *sysfs, struct blob *blob, struct vdma_dt *dt);
/* Path of a PCI function's node, or NULL; the caller frees it. */
char *sysfs_node_path(const char *function);
/* Finds the folder of the virtio device on a PCI function; false if not found. */
bool sysfs_virtio(const char *function, char folder[PATH_MAX]);

/* For scandir(): all entries but . and .. */
int sysfs_no_dots(const struct dirent *entry);

#endif /* VDMACTL_SYSFS_H */
