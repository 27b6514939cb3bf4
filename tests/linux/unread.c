// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has data sent to it that it never reads, until it is killed. A line on standard output
 * says how much has come, once nothing more comes.
 *
 * usage: unread ADDRESS PORT CONNECTIONS
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER	(8 << 20)	/* no connection is ever full */

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(port)),
		.sin_addr.s_addr = inet_addr(address),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), size = BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		err(1, "socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	return fd;
}

static long waiting(const int *fds, int n)
{
	long sum = 0;
	int bytes;

	while (n--)
		if (!ioctl(fds[n], FIONREAD, &bytes))
			sum += bytes;
	return sum;
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[3]) : 0, i;
	int *fds = calloc((size_t)n, sizeof(*fds));
	long before = -1, now = 0;

	if (!n || !fds)
		errx(1, "usage: unread ADDRESS PORT CONNECTIONS");
	for (i = 0; i < n; i++)
		fds[i] = connect_to(argv[1], argv[2]);
	for (; now != before || !now; sleep(3)) {
		before = now;
		now = waiting(fds, n);
	}
	printf("unread %ld\n", now);
	fflush(stdout);
	return pause();
}
