// SPDX-License-Identifier: GPL-2.0-or-later
/* The control disk (tests/live/test_migrate.py). */
#include <vdma/error.h>
#include "console.h"
#include "control.h"
#include "hypercall.h"
#include "ktap.h"
#include "page.h"
#include "ultravisor.h"

void control_open(struct disk *control)
{
	struct device_plan plan = {
		.hv = &guest_hv,
		.mode = secure_vm() ? "bounce" : "direct",
	};
	struct vdma_blk_config config = disk_config();

	config.queues = 1;
	if (config.ring_features & VDMA_F_RING_PACKED)
		bail_out("ring=packed: the control disk has a split ring");
	disk_open_as(control, device_find(TYPE_BLK, 1) ? 1 : 0, &plan,
		     &config);
}

bool control_wants_stop(struct disk *control)
{
	uint64_t *word = pages_get(VDMA_BLK_SECTOR);
	int error = disk_do(control, 0, VDMA_BLK_READ, 0, word,
			    VDMA_BLK_SECTOR);
	bool stop = error || !*word;

	if (error)
		diag("cannot read the control disk: %s", vdma_strerror(error));
	pages_put(word, VDMA_BLK_SECTOR);
	return stop;
}
