// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A load for a test guest, and how long it took.
 *
 *	loader disk FILE read|write rand|seq SIZE COUNT JOBS
 *	loader send|receive ADDRESS PORT BYTES JOBS
 *
 * Each job is a process and has one request of SIZE bytes under way at a time, of
 * COUNT, past the page cache; or it has one TCP connection. Prints "ns=N", the
 * wall-clock time from the first byte of all jobs to the last. Fails without a
 * number.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	(256 << 10)

static char *buffer(size_t size)
{
	void *data;

	if (posix_memalign(&data, 65536, size))
		errx(1, "no memory");
	memset(data, 0x5a, size);
	return data;
}

/* Numerical Recipes' generator: each job's own order, each run the same. */
static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void disk(char **arg, int job, int jobs)
{
	bool writing = !strcmp(arg[1], "write"), random = !strcmp(arg[2], "rand");
	size_t size = strtoul(arg[3], NULL, 0), count = strtoul(arg[4], NULL, 0);
	int fd = open(arg[0], O_DIRECT | (writing ? O_WRONLY : O_RDONLY));
	off_t blocks = lseek(fd, 0, SEEK_END) / (off_t)size;
	off_t first = blocks / jobs * job;
	char *data = buffer(size);
	uint32_t state = job;
	size_t i;

	if (fd < 0 || blocks < jobs)
		err(1, "%s", arg[0]);
	for (i = 0; i < count; i++) {
		off_t n = random ? next(&state) : first + (off_t)i;
		off_t at = n % blocks * (off_t)size;

		if ((writing ? pwrite(fd, data, size, at) :
			       pread(fd, data, size, at)) != (ssize_t)size)
			err(1, "%s at %lld", arg[0], (long long)at);
	}
}

static void net(char **arg, bool sending)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = inet_addr(arg[0]),
		.sin_port = htons(atoi(arg[1])),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t left = strtoul(arg[2], NULL, 0);
	char *data = buffer(CHUNK);
	char end;

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s:%s", arg[0], arg[1]);
	while (left) {
		size_t piece = left < CHUNK ? left : CHUNK;
		ssize_t done = sending ? write(fd, data, piece) :
					 read(fd, data, piece);

		if (done <= 0)
			err(1, "%zu bytes left", left);
		left -= done;
	}
	/* The peer closes when it has all. */
	if (sending && (shutdown(fd, SHUT_WR) || read(fd, &end, 1) < 0))
		err(1, "end");
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv)
{
	int jobs = argc > 2 ? atoi(argv[argc - 1]) : 0;
	bool is_disk = jobs > 0 && argc == 8 && !strcmp(argv[1], "disk");
	int64_t start = now();
	int job, status;

	if (!is_disk && (jobs < 1 || argc != 6))
		errx(2, "see the head of loader.c");
	for (job = 0; job < jobs; job++) {
		if (fork())
			continue;
		if (is_disk)
			disk(argv + 2, job, jobs);
		else
			net(argv + 2, !strcmp(argv[1], "send"));
		return 0;
	}
	while (wait(&status) > 0)
		if (status)
			return 1;
	printf("ns=%lld\n", (long long)(now() - start));
	return 0;
}
