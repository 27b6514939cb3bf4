// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Reads and writes files, with a message for each error.
 */
#define _GNU_SOURCE		/* memmem() */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vdma/error.h>
#include "vdmactl.h"

/* Larger than any device tree: QEMU's limit for pseries is 2 MiB. */
#define BLOB_MAX	(64u << 20)

/* Reads to the end. On an error returns NULL and sets errno; EFBIG if too large. */
static void *file_read(int fd, size_t *size)
{
	size_t room = 1u << 16, have = 0;
	char *data = NULL;
	ssize_t got;

	do {
		if (!data || have == room) {
			room = data ? 2 * room : room;
			data = xalloc(realloc(data, room));
		}
		got = read(fd, data + have, room - have);
		if (got > 0)
			have += (size_t)got;
	} while ((got > 0 && have <= BLOB_MAX) || (got < 0 && errno == EINTR));

	if (got > 0)
		errno = EFBIG;
	if (got) {
		free(data);
		return NULL;
	}
	*size = have;
	return data;
}

/* Reads FILE, or standard input for "-". Returns NULL, or why it cannot. */
static const char *file_read_blob(const char *file, struct blob *blob)
{
	bool input = !strcmp(file, "-");
	int fd = input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	const char *why;

	blob->data = fd < 0 ? NULL : file_read(fd, &blob->size);
	why = blob->data ? NULL : strerror(errno);
	if (fd >= 0 && !input)
		close(fd);
	return why;
}

static bool file_write(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			data += done;
			size -= (size_t)done;
		}
	}
	return true;
}

/* Writes to an existing special file instead of replacing it. */
static bool file_write_in_place(const char *file, const void *data, size_t size)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && file_write(fd, data, size);

	if (fd >= 0 && close(fd))
		good = false;
	return good;
}

/* Replaces a file by a new one once that is complete and on the disk. */
static bool file_replace(const char *file, const void *data, size_t size)
{
	size_t room = strlen(file) + sizeof(".XXXXXX");
	char *temporary = xalloc(malloc(room));
	struct stat old;
	bool good = false;
	int fd;

	snprintf(temporary, room, "%s.XXXXXX", file);
	fd = mkstemp(temporary);
	if (fd >= 0) {
		mode_t mask = umask(0);
		mode_t mode = stat(file, &old) ? 0666 & ~mask :
						 old.st_mode & 07777;
		int error;

		umask(mask);
		good = file_write(fd, data, size) && !fchmod(fd, mode) &&
		       !fsync(fd);
		error = errno;
		if (close(fd) && good) {
			error = errno;
			good = false;
		}
		if (good && rename(temporary, file)) {
			error = errno;
			good = false;
		}
		if (!good)
			unlink(temporary);
		errno = error;
	}
	free(temporary);
	return good;
}

bool file_write_blob(const char *file, const void *data, size_t size)
{
	struct stat there;

	if (!strcmp(file, "-")) {
		if (file_write(STDOUT_FILENO, data, size))
			return true;
		warn("cannot write standard output");
	} else if (!stat(file, &there) && !S_ISREG(there.st_mode)) {
		if (file_write_in_place(file, data, size))
			return true;
		warn("cannot write %s", file);
	} else {
		if (file_replace(file, data, size))
			return true;
		warnx("cannot write %s: %s; nothing was written", file,
		      strerror(errno));
	}
	return false;
}

/* Why the input is not a device tree */
static const char *file_tree_error(const struct blob *blob, int error)
{
	static const char tag[] = "/dts-v1/";

	if (error == VDMA_E_NO_TREE &&
	    memmem(blob->data, blob->size, tag, sizeof(tag) - 1))
		return "device tree source; compile it with dtc -O dtb";
	return vdma_strerror(error);
}

const char *file_load_tree(const char *file, struct blob *blob, struct vdma_dt *dt)
{
	const char *why = file_read_blob(file, blob);
	int error;

	if (why)
		return why;
	error = vdma_dt_open(dt, blob->data, blob->size);
	if (!error)
		return NULL;
	why = file_tree_error(blob, error);
	free(blob->data);
	return why;
}

bool file_read_tree(const char *file, struct blob *blob, struct vdma_dt *dt)
{
	const char *why = file_load_tree(file, blob, dt);

	if (why)
		warnx("cannot read %s: %s", strcmp(file, "-") ? file : "standard input",
		      why);
	return !why;
}
