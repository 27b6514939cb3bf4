// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mode bounce: a pool that is too small, a device that claims to have written more than
 * it did, and a device without a pool.
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

/* With more requests than the pool holds, some wait and none fails. */
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
	load_check(&load);
	vdma_bounce_count(&disk.device.bounce, &counts);
	report(load.no_space && counts.full >= load.no_space,
	       "the pool was full %lu times", counts.full);
	report(counts.used_max <= bounce_size(&disk.device.plan),
	       "up to %lu bytes of the pool were in use", counts.used_max);
	disk_close(&disk);
}

GUEST_TEST(bounce_full, bounce_full);

#define STALE		0x5e
#define ANSWER_LEN	1400
/* Virtio 1.2, 5.2.6: returns up to 20 bytes of text */
#define GET_ID		8

struct get_id {
	struct vdma_le32 type;
	struct vdma_le32 reserved;
	struct vdma_le64 sector;
	uint8_t status;
};

/*
 * Gets the disk's ID, which is empty: QEMU writes one byte, but claims to have written
 * all of the buffer. Returns the length that it claims.
 */
static uint32_t get_id(struct disk *disk, void *buffer)
{
	struct vdma_vq *vq = &disk->queues[0].vq;
	struct get_id *request;
	struct vdma_vq_used used = { .len = 0 };
	struct vdma_memory mem;
	struct vdma_sg sg[3];
	int error = vdma_domain_alloc(disk->device.domain, sizeof(*request),
				      &mem);

	if (error)
		bail_out("cannot allocate a request: %s", vdma_strerror(error));
	request = mem.cpu;
	vdma_le32_set(&request->type, GET_ID);
	sg[0] = (struct vdma_sg){ mem.dma, 16, true };
	sg[1] = (struct vdma_sg){ (uintptr_t)buffer, ANSWER_LEN, false };
	sg[2] = (struct vdma_sg){ mem.dma + 16, 1, true };
	error = vdma_vq_add(vq, sg, 1, 2, request) ?: vdma_vq_kick(vq) ?:
		vdma_vq_wait(vq, &used, &guest_clock, DEVICE_LIMIT_NS);
	report(!error && !request->status, "the disk returns its ID: %s",
	       vdma_strerror(error));
	vdma_domain_free(disk->device.domain, &mem);
	return used.len;
}

/* Number of stale bytes that the device sees if the driver sends the buffer back */
static unsigned int stale_bytes_seen(struct device *device, void *buffer)
{
	struct vdma_bounce *b = &device->bounce;
	unsigned int stale = 0, i;
	const uint8_t *seen;
	uint64_t dma;

	if (vdma_domain_map(device->domain, (uintptr_t)buffer, ANSWER_LEN,
			    VDMA_TO_DEVICE, &dma))
		bail_out("cannot map the answer");
	seen = (uint8_t *)b->shared.mem.cpu + (dma - b->shared.mem.dma);
	for (i = 0; i < ANSWER_LEN; i++)
		stale += seen[i] == STALE;
	vdma_domain_unmap(device->domain, dma, ANSWER_LEN, VDMA_TO_DEVICE);
	return stale;
}

/* A secure guest leaks none of its old data to a device that overstates a length. */
static void short_answer(void)
{
	struct vdma_blk_config config = disk_config();
	uint8_t *buffer = pages_get(ANSWER_LEN);
	unsigned int stale;
	struct disk disk;
	uint32_t len;

	disk_open(&disk, &config);
	memset(buffer, STALE, ANSWER_LEN);
	len = get_id(&disk, buffer);
	report(len == ANSWER_LEN + 1 && !buffer[0],
	       "the disk claims to have written %u bytes", len);
	stale = stale_bytes_seen(&disk.device, buffer);
	/* In a normal guest they stay, except for up to 15 bytes after those written. */
	report(secure_vm() ? !stale : stale >= ANSWER_LEN - 16,
	       "sent back, %u stale bytes of the buffer reach the device",
	       stale);
	disk_close(&disk);
	pages_put(buffer, ANSWER_LEN);
}

GUEST_TEST(short_answer, short_answer);

/* A refused device gets no mapping and no memory, and the reason is as expected. */
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
	       "map is refused");
	report(vdma_domain_alloc(device.domain, 4096, &mem) ==
	       VDMA_E_REFUSED_MODE, "alloc is refused");
	report(!secure_counts().shares, "no page was shared");
	device_close(&device);
}

GUEST_TEST(refused, refused);
