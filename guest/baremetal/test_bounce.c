// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mode bounce: a pool that is too small, a device that claims more than it has
 * written, and one that has no pool.
 */
#include <vdma/barrier.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/decide.h"
#include "lib/ktap.h"
#include "lib/load.h"
#include "lib/page.h"
#include "lib/ultravisor.h"

/* More at once than the pool holds: what finds no room waits, nothing fails. */
static void bounce_full(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_bounce_counts counts;
	struct load load = {
		.len = 16 * KIB, .depth = 40, .count = 3000,
		.written = true, .write_every = 3, .verify = true,
	};
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = disk_write_half(&disk);
	report(!error, "the second half is written: %s", vdma_strerror(error));
	load.disk = &disk;
	load.first = disk.bytes / 2;
	load.span = disk.bytes / 2;
	load.buffers = pages_get(load.depth * load.len);
	load_run(&load);
	report(!load.error && load.done == load.count,
	       "%lu reads and writes of 16 KiB, %u at once: %s", load.done,
	       load.depth, vdma_strerror(load.error));
	report(!load.wrong, "all with the right content");
	vdma_bounce_count(&disk.device.bounce, &counts);
	report(load.no_space && counts.full >= load.no_space,
	       "%lu times there was no room", counts.full);
	report(counts.used_max <= bounce_size(&disk.device.plan),
	       "%lu bytes of the pool were in use at most", counts.used_max);
	pages_put(load.buffers, load.depth * load.len);
	disk_close(&disk);
}

GUEST_TEST(bounce_full, bounce_full);

#define OLD		0x5e
#define ANSWER_LEN	1400
/* Virtio 1.2, 5.2.6: asks for up to 20 bytes of text */
#define GET_ID		8

struct question {
	struct vdma_le32 type;
	struct vdma_le32 reserved;
	struct vdma_le64 sector;
	uint8_t status;
};

/*
 * Asks for the disk's name, which is empty: QEMU writes one byte, and says that it
 * has written all of the buffer. Returns what it says.
 */
static uint32_t ask_for_name(struct disk *disk, void *buffer)
{
	struct vdma_vq *vq = &disk->queues[0].vq;
	struct question *question;
	struct vdma_vq_used used = { .len = 0 };
	struct vdma_memory mem;
	struct vdma_sg sg[3];
	int error = vdma_domain_alloc(disk->device.domain, sizeof(*question),
				      &mem);

	if (error)
		bail_out("memory for a request: %s", vdma_strerror(error));
	question = mem.cpu;
	vdma_le32_set(&question->type, GET_ID);
	sg[0] = (struct vdma_sg){ mem.dma, 16, true };
	sg[1] = (struct vdma_sg){ (uintptr_t)buffer, ANSWER_LEN, false };
	sg[2] = (struct vdma_sg){ mem.dma + 16, 1, true };
	error = vdma_vq_add(vq, sg, 1, 2, question) ?: vdma_vq_kick(vq) ?:
		vdma_vq_wait(vq, &used, &guest_clock, DEVICE_LIMIT_NS);
	report(!error && !question->status, "the disk is asked for its name: %s",
	       vdma_strerror(error));
	vdma_domain_free(disk->device.domain, &mem);
	return used.len;
}

/* The device's view of a buffer that the driver sends back */
static unsigned int old_bytes_seen(struct device *device, void *buffer)
{
	struct vdma_bounce *b = &device->bounce;
	unsigned int old = 0, i;
	const uint8_t *seen;
	uint64_t dma;

	if (vdma_domain_map(device->domain, (uintptr_t)buffer, ANSWER_LEN,
			    VDMA_TO_DEVICE, &dma))
		bail_out("the answer can't be mapped");
	seen = (uint8_t *)b->shared.mem.cpu + (dma - b->shared.mem.dma);
	for (i = 0; i < ANSWER_LEN; i++)
		old += seen[i] == OLD;
	vdma_domain_unmap(device->domain, dma, ANSWER_LEN, VDMA_TO_DEVICE);
	return old;
}

static void short_answer(void)
{
	struct vdma_blk_config config = disk_config();
	uint8_t *buffer = pages_get(ANSWER_LEN);
	unsigned int old;
	struct disk disk;
	uint32_t len;

	disk_open(&disk, &config);
	memset(buffer, OLD, ANSWER_LEN);
	len = ask_for_name(&disk, buffer);
	report(len == ANSWER_LEN + 1 && !buffer[0],
	       "the disk claims to have written %u bytes", len);
	old = old_bytes_seen(&disk.device, buffer);
	/* In a guest that is not secure they stay, up to 15 bytes behind it. */
	report(secure_vm() ? !old : old >= ANSWER_LEN - 16,
	       "sent back, %u bytes of the buffer's past go to the device",
	       old);
	disk_close(&disk);
	pages_put(buffer, ANSWER_LEN);
}

GUEST_TEST(short_answer, short_answer);

/* A device that is left alone: no memory for it, and the reason. */
static void refused(void)
{
	const char *reason = arg("reason", "?");
	struct device_plan plan = device_plan();
	struct vdma_memory mem;
	struct device device;
	uint64_t dma;

	device_open(&device, TYPE_BLK, 0, &plan);
	report(device.decision.mode == VDMA_MODE_REFUSE &&
	       !strcmp(vdma_reason_name(device.decision.reason), reason),
	       "refused: %s", vdma_reason_name(device.decision.reason));
	report(vdma_domain_map(device.domain, (uintptr_t)&mem, 1,
			       VDMA_TO_DEVICE, &dma) == VDMA_E_REFUSED_MODE,
	       "nothing can be mapped");
	report(vdma_domain_alloc(device.domain, 4096, &mem) ==
	       VDMA_E_REFUSED_MODE, "there is no memory for a ring");
	report(!secure_counts().shares, "no page was shared");
	device_close(&device);
}

GUEST_TEST(refused, refused);
