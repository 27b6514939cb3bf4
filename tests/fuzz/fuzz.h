/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: promises, memory with a fence around it, and a
 * second opinion on what is in a device tree.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libfdt.h>
#include <vdma/abi.h>
#include <vdma/dt.h>
#include <vdma/error.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A promise; libFuzzer keeps the input with which it was broken. */
#define HOLDS(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: broken: %s\n",		\
				__FILE__, __LINE__, #condition);	\
			abort();					\
		}							\
	} while (0)

/* The longest input; mk/fuzz-run tells libFuzzer. */
#define INPUT_MAX	(128u << 10)

/* libFuzzer's: the first and the last are ours, the other is its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

/* ---- fence.c */

struct fence {
	uint8_t *room;
};

/*
 * SIZE bytes, aligned to 8, behind which there is nothing: touching what is
 * beyond them ends the program, also in libfdt, which has no sanitizer. One at
 * a time for each FENCE.
 */
void *fenced(struct fence *fence, size_t size);

/* ---- second.c: another reading of a tree, on which both have to agree */

struct second {
	struct vdma_dt_function *fn;	/* paths are allocated */
	size_t count;
	int end;			/* 0, or VDMA_E_DEEP */
};

/* Reads a tree that was opened. */
void second_read(struct second *second, const struct vdma_dt *dt);
void second_free(struct second *second);
/* All that trees say of two functions is the same; where is not looked at. */
bool same_function(const struct vdma_dt_function *a,
		   const struct vdma_dt_function *b);

/* ---- choice.c: what is not in the tree, from a number that is */

/* A stream of numbers. It must not be 0 at the start. */
uint64_t next_number(uint64_t *state);

/*
 * The header's boot_cpuid_phys, of which the library knows nothing: QEMU's
 * trees have 0 there, mutation has anything.
 */
uint64_t tree_number(const void *fdt);

#endif /* FUZZ_H */
