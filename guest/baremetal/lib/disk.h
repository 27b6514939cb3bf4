/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices with content known to the runner, and requests to them. */
#ifndef GUEST_DISK_H
#define GUEST_DISK_H

#include <vdma/blk.h>

#include "device.h"

#define DISK_QUEUES	4

/**
 * struct disk - a block device with known content
 * @device: the device
 * @blk: its driver
 * @queues: its queues
 * @seed: the content: word I of the disk, big endian, is @seed + I
 * @bytes: its size; the second half may be written
 */
struct disk {
	struct device device;
	struct vdma_blk blk;
	struct vdma_blk_queue queues[DISK_QUEUES];
	uint64_t seed;
	uint64_t bytes;

	/* private: */
	void *private_mem;
	size_t private_len;
};

/**
 * disk_config() - configuration that the command line asks for
 *
 * queues=N (1), num=N (128), ring=split or packed, indirect=N pieces (0: no
 * indirect tables), event=1 or 0, inorder=0 or 1.
 */
struct vdma_blk_config disk_config(void);

/* Time limit for a device that is broken and will not answer */
#define DISK_BROKEN_NS	500000000ull

/* disk_open() - open the first block device as the command line asks for it */
void disk_open(struct disk *disk, const struct vdma_blk_config *config);

/**
 * disk_open_as() - open a block device and start it; bails out on an error
 * @disk: filled in
 * @nth: number of the block device, from 0
 * @plan: how it is to reach memory
 * @config: its configuration
 */
void disk_open_as(struct disk *disk, unsigned int nth,
		  const struct device_plan *plan,
		  const struct vdma_blk_config *config);

/**
 * disk_window_closed() - check that the closed bypass window leads nowhere
 *
 * While bypass is off, the first disk must not reach memory through it.
 */
void disk_window_closed(void);

/* disk_close() - stop it, check the audit, free all memory */
void disk_close(struct disk *disk);

/**
 * disk_do() - read or write one contiguous buffer
 * @disk: the disk
 * @queue: number of the queue
 * @op: type of the request
 * @offset: on the disk, in bytes
 * @buffer: in memory
 * @len: in bytes, of sectors
 *
 * Return: as vdma_blk_do().
 */
int disk_do(struct disk *disk, unsigned int queue, enum vdma_blk_op op,
	    uint64_t offset, void *buffer, uint64_t len);

/* disk_write_half() - fill the second half and tell the runner; returns an error */
int disk_write_half(struct disk *disk);

/* disk_word() - content at a byte offset, a multiple of 8 */
uint64_t disk_word(const struct disk *disk, uint64_t offset);

/**
 * disk_fill() - fill a buffer with content to write: the complement
 * @disk: the disk
 * @offset: where it will go
 * @buffer: aligned to 8
 * @len: in bytes
 */
void disk_fill(const struct disk *disk, uint64_t offset, void *buffer,
	       uint64_t len);

/**
 * disk_wrong() - compare a buffer with the disk's content
 * @disk: the disk
 * @offset: where it came from
 * @buffer: of any alignment
 * @len: in bytes
 * @written: this part has been written with disk_fill()
 *
 * Return: number of wrong words.
 */
uint64_t disk_wrong(const struct disk *disk, uint64_t offset,
		    const void *buffer, uint64_t len, bool written);

#endif /* GUEST_DISK_H */
