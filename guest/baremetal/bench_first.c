// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time from reset to the first read, in the mode that mode= asks for: firmware, program
 * and device. With QEMU's -icount shift=0, a nanosecond since reset is an instruction.
 */
#include <vdma/error.h>
#include "lib/clock.h"
#include "lib/disk.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define READ_LEN	4096

/* Time and hypercalls until the first read completes */
static void first_io(void)
{
	struct vdma_blk_config config = disk_config();
	char *buffer = pages_get(READ_LEN);
	uint64_t calls = hcalls(0), start = time_ns();
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = disk_do(&disk, 0, VDMA_BLK_READ, 0, buffer, READ_LEN);
	metric("first-io-ns", "%lu", time_ns());
	metric("first-io-open-ns", "%lu", time_ns() - start);
	metric("first-io-hypercalls", "%lu", hcalls(0) - calls);
	report(!error && !disk_wrong(&disk, 0, buffer, READ_LEN, false),
	       "the first read is right");
	disk_close(&disk);
	pages_put(buffer, READ_LEN);
}

GUEST_BENCH(first_io, first_io);
