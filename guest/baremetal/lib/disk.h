/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block device that the runner has made, and requests on it. */
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
 * @bytes: its size; what is in the second half may be written
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
 * disk_config() - what the command line asks for
 *
 * queues=N (1), num=N (128), ring=split or packed, indirect=N pieces (0: no
 * indirect tables), event=1 or 0, inorder=0 or 1.
 */
struct vdma_blk_config disk_config(void);

/* A device that is broken says nothing; how long to wait for that. */
#define DISK_BROKEN_NS	500000000ull

/* disk_open() - open the first block device as the command line wants it */
void disk_open(struct disk *disk, const struct vdma_blk_config *config);

/**
 * disk_open_as() - open a block device and start it; bails out if it can't
 * @disk: filled in
 * @nth: number of the block device, from 0
 * @plan: how it is to reach memory
 * @config: its configuration
 */
void disk_open_as(struct disk *disk, unsigned int nth,
		  const struct device_plan *plan,
		  const struct vdma_blk_config *config);

/**
 * disk_window_closed() - report that the bypass window leads nowhere
 *
 * What is mapped by bypass alone must be out of the first disk's reach while
 * that is off.
 */
void disk_window_closed(void);

/* disk_close() - stop it, look at the audit, give all memory back */
void disk_close(struct disk *disk);

/**
 * disk_do() - read or write one contiguous buffer
 * @disk: the disk
 * @queue: number of the queue
 * @op: what to do
 * @offset: on the disk, in bytes
 * @buffer: in memory
 * @len: in bytes, of sectors
 *
 * Return: as vdma_blk_do().
 */
int disk_do(struct disk *disk, unsigned int queue, enum vdma_blk_op op,
	    uint64_t offset, void *buffer, uint64_t len);

/* disk_write_half() - fill the second half; tells the runner; returns errors */
int disk_write_half(struct disk *disk);

/* disk_word() - what stands at a byte offset, a multiple of 8 */
uint64_t disk_word(const struct disk *disk, uint64_t offset);

/**
 * disk_fill() - make the content to write: the complement
 * @disk: the disk
 * @offset: where it will go
 * @buffer: aligned to 8
 * @len: in bytes
 */
void disk_fill(const struct disk *disk, uint64_t offset, void *buffer,
	       uint64_t len);

/**
 * disk_wrong() - compare a buffer with what must have been read
 * @disk: the disk
 * @offset: where it came from
 * @buffer: of any alignment
 * @len: in bytes
 * @written: this part has been written with disk_fill()
 *
 * Return: how many words are wrong.
 */
uint64_t disk_wrong(const struct disk *disk, uint64_t offset,
		    const void *buffer, uint64_t len, bool written);

#endif /* GUEST_DISK_H */
