// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a file in one request with many short buffers.
 *
 * usage: scatter FILE BUFFERS BYTES
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define STRIDE	((size_t)128 << 10)	/* never merged, whatever the page size */

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[2]) : 0;
	size_t len = n ? (size_t)atoi(argv[3]) : 0, i;
	struct iovec *v = calloc((size_t)n, sizeof(*v));
	char *memory;
	ssize_t got;
	int fd;

	if (!n || !v)
		errx(1, "usage: scatter FILE BUFFERS BYTES");
	memory = mmap(NULL, (size_t)n * STRIDE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	memset(memory, 1, (size_t)n * STRIDE);
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	if (fd < 0)
		err(1, "%s", argv[1]);
	for (i = 0; i < (size_t)n; i++)
		v[i] = (struct iovec){ memory + i * STRIDE, len };
	got = preadv(fd, v, n, 0);
	if (got < 0)
		err(1, "preadv");
	return got == (ssize_t)((size_t)n * len) ? 0 : 1;
}
