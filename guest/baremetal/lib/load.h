/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many concurrent requests on one queue of a disk */
#ifndef GUEST_LOAD_H
#define GUEST_LOAD_H

#include "disk.h"

#define LOAD_DEPTH_MAX	256

/**
 * struct load - the work for one queue, and its result
 * @disk: the disk
 * @queue: number of the queue; used by one CPU
 * @first: start of the part of the disk to use, in bytes
 * @span: its length in bytes
 * @written: that part was written with disk_fill()
 * @len: bytes per request
 * @depth: maximum number of concurrent requests
 * @count: total number of requests, unless @until is set
 * @until: start no request once another CPU has set this; or NULL
 * @write_every: one in this many requests writes the content of disk_fill(); 0: all
 *		 read. Requires @written
 * @verify: check the content of each read
 * @buffers: @depth times @len bytes
 *
 * @done: number of completed requests
 * @wrong: number of wrong words
 * @error: the first error, or VDMA_OK
 * @batches: how often new requests were made available to the device
 * @no_space: how often the window or the pool was full
 */
struct load {
	struct disk *disk;
	unsigned int queue;
	uint64_t first;
	uint64_t span;
	bool written;
	uint64_t len;
	unsigned int depth;
	uint64_t count;
	const uint32_t *until;
	unsigned int write_every;
	bool verify;
	char *buffers;

	uint64_t done;
	uint64_t wrong;
	int error;
	uint64_t batches;
	uint64_t no_space;
};

/**
 * load_run() - run the requests; for cpu_run()
 * @load: a &struct load, whose @span is a multiple of @len; requests wrap around in it
 */
void load_run(void *load);

/**
 * load_check() - run the requests, and report whether all have the right content
 * @load: as for load_run(), but for @buffers, which are allocated
 */
void load_check(struct load *load);

#endif /* GUEST_LOAD_H */
