// SPDX-License-Identifier: GPL-2.0-or-later
/* Block devices that the runner has made (tests/lib/guest/disk.py, PatternDisk). */
#include <vdma/error.h>
#include "args.h"
#include "base.h"
#include "console.h"
#include "disk.h"
#include "hypercall.h"
#include "ktap.h"
#include "page.h"

#define FILL_CHUNK	(64 * KIB)
/* QEMU silently drops DMA of up to 4 KiB to nowhere; more than that must fail. */
#define LARGE		(64 * KIB)

struct vdma_blk_config disk_config(void)
{
	const char *ring = arg("ring", "split");
	struct vdma_blk_config config = {
		.queues = (uint16_t)arg_number("queues", 1),
		.num = (uint16_t)arg_number("num", 128),
		.indirect_max = (uint16_t)arg_number("indirect", 0),
		.limit = DEVICE_LIMIT_NS,
	};

	if (!strcmp(ring, "packed"))
		config.ring_features |= VDMA_F_RING_PACKED;
	else if (strcmp(ring, "split"))
		bail_out("ring=%s is neither split nor packed", ring);
	if (config.indirect_max)
		config.ring_features |= VDMA_F_INDIRECT_DESC;
	if (arg_number("event", 1))
		config.ring_features |= VDMA_F_EVENT_IDX;
	if (arg_number("inorder", 0))
		config.ring_features |= VDMA_F_IN_ORDER;
	if (config.queues > DISK_QUEUES)
		bail_out("queues=%u: maximum %u", config.queues, DISK_QUEUES);
	return config;
}

void disk_open_as(struct disk *disk, unsigned int nth,
		  const struct device_plan *plan,
		  const struct vdma_blk_config *config)
{
	char seed[8];
	uint64_t got;
	int error;

	format(seed, sizeof(seed), "seed%u", nth);
	device_open(&disk->device, TYPE_BLK, nth, plan);
	disk->private_len = vdma_blk_private_size(config);
	disk->private_mem = pages_get(disk->private_len);
	error = vdma_blk_start(&disk->blk, &disk->device.virtio,
			       disk->device.domain, config, disk->queues,
			       disk->private_mem);
	if (error)
		bail_out("cannot start the disk: %s", vdma_strerror(error));
	/* On a device without packed rings, a test of them would test split ones. */
	got = disk->device.virtio.features & VDMA_F_RING;
	if (got != config->ring_features)
		bail_out("cannot use the disk: ring features 0x%lx, not 0x%lx",
			 got, config->ring_features);
	disk->bytes = disk->blk.sectors * VDMA_BLK_SECTOR;
	disk->seed = arg_number(seed, 0);
}

void disk_open(struct disk *disk, const struct vdma_blk_config *config)
{
	struct device_plan plan = device_plan();

	disk_open_as(disk, 0, &plan, config);
}

void disk_close(struct disk *disk)
{
	int error = vdma_blk_stop(&disk->blk);

	if (error)
		bail_out("cannot stop the disk: %s", vdma_strerror(error));
	device_close(&disk->device);
	pages_put(disk->private_mem, disk->private_len);
}

void disk_window_closed(void)
{
	struct vdma_blk_config config = disk_config();
	struct device_plan tce = { .hv = &guest_hv, .mode = "tce",
				   .window = "default" };
	struct vdma_window window;
	struct vdma_sg sg = { .len = LARGE, .mapped = true };
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = &sg,
					.count = 1 };
	char *buffer = pages_get(LARGE);
	struct disk disk;
	int error;

	config.limit = DISK_BROKEN_NS;
	disk_open_as(&disk, 0, &tce, &config);
	pci_bypass_property(disk.device.pci, &window);
	sg.addr = window.base + (uintptr_t)buffer;
	error = vdma_blk_do(&disk.queues[0], &req);
	report(error == VDMA_E_NEEDS_RESET,
	       "a read through the closed window fails: %s",
	       vdma_strerror(error));
	report(!buffer[0] && !buffer[LARGE - 1], "and memory is as it was");
	disk.device.expected_faults = 1;
	disk_close(&disk);
	pages_put(buffer, LARGE);
}

int disk_do(struct disk *disk, unsigned int queue, enum vdma_blk_op op,
	    uint64_t offset, void *buffer, uint64_t len)
{
	struct vdma_sg sg = { .addr = (uintptr_t)buffer,
			      .len = (uint32_t)len };
	struct vdma_blk_request req = {
		.op = op,
		.sector = offset / VDMA_BLK_SECTOR,
		.sg = &sg,
		.count = len ? 1 : 0,
	};

	return vdma_blk_do(&disk->queues[queue], &req);
}

int disk_write_half(struct disk *disk)
{
	uint64_t half = disk->bytes / 2, at;
	void *buffer = pages_get(FILL_CHUNK);
	int error = VDMA_OK;

	for (at = half; !error && at < disk->bytes; at += FILL_CHUNK) {
		disk_fill(disk, at, buffer, FILL_CHUNK);
		error = disk_do(disk, 0, VDMA_BLK_WRITE, at, buffer,
				FILL_CHUNK);
	}
	pages_put(buffer, FILL_CHUNK);
	metric("written0", "%lu", half);
	return error;
}

uint64_t disk_word(const struct disk *disk, uint64_t offset)
{
	uint64_t word = disk->seed + offset / sizeof(word);

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		word = __builtin_bswap64(word);
	return word;
}

void disk_fill(const struct disk *disk, uint64_t offset, void *buffer,
	       uint64_t len)
{
	uint64_t i, word;

	for (i = 0; i < len; i += sizeof(word)) {
		word = ~disk_word(disk, offset + i);
		memcpy((char *)buffer + i, &word, sizeof(word));
	}
}

uint64_t disk_wrong(const struct disk *disk, uint64_t offset,
		    const void *buffer, uint64_t len, bool written)
{
	uint64_t i, word, wrong = 0;

	for (i = 0; i < len; i += sizeof(word)) {
		uint64_t right = disk_word(disk, offset + i);

		memcpy(&word, (const char *)buffer + i, sizeof(word));
		wrong += word != (written ? ~right : right);
	}
	return wrong;
}
