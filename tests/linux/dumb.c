// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has a graphics card allocate a buffer, as any program may, and holds it until it
 * is killed. A line on standard output says that it is there.
 *
 * usage: dumb [share]: with share, holds it as a dma_buf for other drivers, and not the
 * card
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* drm/drm_mode.h: struct drm_mode_create_dumb */
struct dumb {
	uint32_t height, width, bpp, flags, handle, pitch;
	uint64_t size;
};

/* drm/drm.h: struct drm_prime_handle */
struct prime {
	uint32_t handle, flags;
	int32_t fd;
};

#define CREATE_DUMB	   _IOWR('d', 0xb2, struct dumb)
#define PRIME_HANDLE_TO_FD _IOWR('d', 0x2d, struct prime)

int main(int argc, char **argv __attribute__((unused)))
{
	struct dumb dumb = { .height = 480, .width = 640, .bpp = 32 };
	struct prime prime = { .fd = -1 };
	int fd = open("/dev/dri/card0", O_RDWR);

	if (fd < 0 || ioctl(fd, CREATE_DUMB, &dumb)) {
		perror("dumb");
		return 1;
	}
	prime.handle = dumb.handle;
	if (argc > 1 && (ioctl(fd, PRIME_HANDLE_TO_FD, &prime) || close(fd))) {
		perror("share");
		return 1;
	}
	printf("holds %llu bytes\n", (unsigned long long)dumb.size);
	fflush(stdout);
	return pause();
}
