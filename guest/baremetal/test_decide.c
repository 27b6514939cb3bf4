// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision on a real machine; other tests then use that mode. */
#include "lib/args.h"
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/ktap.h"

/* Mode, reason and passed-over list are as expected, and the device works so. */
static void decision(void)
{
	struct vdma_blk_config config = disk_config();
	const char *mode = arg("expect", "?"), *reason = arg("reason", "?");
	const char *passed = arg("passed", NULL);
	char text[VDMA_PASSED_OVER_MAX];
	const struct vdma_decision *made;
	struct disk disk;

	disk_open(&disk, &config);
	made = &disk.device.decision;
	report(!strcmp(vdma_mode_name(made->mode), mode), "mode: %s",
	       vdma_mode_name(made->mode));
	report(!strcmp(vdma_reason_name(made->reason), reason), "reason: %s",
	       vdma_reason_name(made->reason));
	vdma_passed_over_text(made, text, sizeof(text));
	report(!passed || !strcmp(text, passed), "passed over: %s", text);
	report(!strcmp(vdma_mode_name(disk.device.mode), mode),
	       "the device uses that mode");
	disk_close(&disk);
}

GUEST_TEST(decision, decision);
