// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has a graphics card allocate a buffer, as any program may, and holds it until it
 * is killed. A line on standard output says that it is there.
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

#define CREATE_DUMB _IOWR('d', 0xb2, struct dumb)

int main(void)
{
	struct dumb dumb = { .height = 480, .width = 640, .bpp = 32 };
	int fd = open("/dev/dri/card0", O_RDWR);

	if (fd < 0 || ioctl(fd, CREATE_DUMB, &dumb)) {
		perror("dumb");
		return 1;
	}
	printf("holds %llu bytes\n", (unsigned long long)dumb.size);
	fflush(stdout);
	return pause();
}
