/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many requests at once on one queue of a disk. */
#ifndef GUEST_LOAD_H
#define GUEST_LOAD_H

#include "disk.h"

#define LOAD_DEPTH_MAX	256

/**
 * struct load - the work for one queue, and its result
 * @disk: the disk
 * @queue: number of the queue; one CPU uses it
 * @first: where on the disk it may go, in bytes
 * @span: how far from there
 * @written: that part has been written with disk_fill()
 * @len: bytes of a request
 * @depth: requests at once
 * @count: requests in all, unless there is @until
 * @until: begin no more once this is set, by another CPU; or NULL
 * @write_every: each that many requests one is a write, of what disk_fill()
 *		 says; 0: none. Only with @written
 * @verify: look at what was read
 * @buffers: @depth times @len bytes
 *
 * @done: requests that came back
 * @wrong: words that were not as they must be
 * @error: the first error, or VDMA_OK
 * @batches: how often the device was shown something new
 * @no_space: how often there was no room in the window or the pool
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
 * load_run() - do it; of the type that cpu_run() wants
 * @load: a &struct load
 *
 * Requests go round @span, a multiple of @len.
 */
void load_run(void *load);

#endif /* GUEST_LOAD_H */
