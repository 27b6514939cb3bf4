// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Files in and out, with a line for whatever is wrong with them.
 */
#define _GNU_SOURCE		/* memmem() */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vdma/error.h>
#include "vdmactl.h"

/* More than any device tree: QEMU's own limit for pseries is 2 MiB. */
#define BLOB_MAX	(64u << 20)

/* Reads to the end. NULL and errno if it can't; EFBIG if there is too much. */
static void *read_all(int fd, size_t *size)
{
	size_t room = 1u << 16, have = 0;
	char *data = NULL;
	ssize_t got;

	do {
		if (!data || have == room) {
			room = data ? 2 * room : room;
			data = need(realloc(data, room));
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

bool blob_read(const char *file, struct blob *blob)
{
	bool input = !strcmp(file, "-");
	int fd = input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);

	blob->data = fd < 0 ? NULL : read_all(fd, &blob->size);
	if (!blob->data)
		complain("%s: %s", input ? "standard input" : file,
			 strerror(errno));
	if (fd >= 0 && !input)
		close(fd);
	return blob->data;
}

static bool write_all(int fd, const char *data, size_t size)
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

/* What is there and is no plain file is written to, and not replaced. */
static bool write_in_place(const char *file, const void *data, size_t size)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write_all(fd, data, size);

	if (fd >= 0 && close(fd))
		good = false;
	return good;
}

/* A new file beside it takes its place when it is whole and on the disk. */
static bool replace(const char *file, const void *data, size_t size)
{
	size_t room = strlen(file) + sizeof(".XXXXXX");
	char *temporary = need(malloc(room));
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
		good = write_all(fd, data, size) && !fchmod(fd, mode) &&
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

bool blob_write(const char *file, const void *data, size_t size)
{
	struct stat there;

	if (!strcmp(file, "-")) {
		if (write_all(STDOUT_FILENO, data, size))
			return true;
		complain("standard output: %s", strerror(errno));
	} else if (!stat(file, &there) && !S_ISREG(there.st_mode)) {
		if (write_in_place(file, data, size))
			return true;
		complain("%s: %s", file, strerror(errno));
	} else {
		if (replace(file, data, size))
			return true;
		complain("%s: %s; nothing was written", file, strerror(errno));
	}
	return false;
}

/* What is wrong with what should have been a device tree. */
static const char *tree_error(const struct blob *blob, int error)
{
	static const char tag[] = "/dts-v1/";

	if (error == VDMA_E_NO_TREE &&
	    memmem(blob->data, blob->size, tag, sizeof(tag) - 1))
		return "this is the source of a device tree; compile it with dtc -O dtb";
	return vdma_strerror(error);
}

bool tree_read(const char *file, struct blob *blob, struct vdma_dt *dt)
{
	int error;

	if (!blob_read(file, blob))
		return false;
	error = vdma_dt_open(dt, blob->data, blob->size);
	if (!error)
		return true;
	complain("%s: %s", strcmp(file, "-") ? file : "standard input",
		 tree_error(blob, error));
	free(blob->data);
	return false;
}
