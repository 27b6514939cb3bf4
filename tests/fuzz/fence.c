// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that ends at an inaccessible page. The gap that alignment leaves between them, and
 * all memory before it, is poisoned for AddressSanitizer.
 */
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include "fuzz.h"

#define ROOM	(2 * INPUT_MAX)
#define PAGE	65536
#define ALIGN	8

void *fenced(struct fence *fence, size_t size)
{
	size_t taken = (size + ALIGN - 1) / ALIGN * ALIGN;
	uint8_t *start;

	HOLDS(taken <= ROOM);
	if (!fence->room) {
		fence->room = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		HOLDS(fence->room != MAP_FAILED);
		HOLDS(!mprotect(fence->room + ROOM, PAGE, PROT_NONE));
	}
	start = fence->room + ROOM - taken;
	ASAN_POISON_MEMORY_REGION(fence->room, ROOM);
	ASAN_UNPOISON_MEMORY_REGION(start, size);
	return start;
}
