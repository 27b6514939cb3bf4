/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the fuzz targets: promises, fenced memory, and a second reader of device
 * trees.
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

/* A promise; libFuzzer keeps an input that breaks it. */
#define HOLDS(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: broken: %s\n",		\
				__FILE__, __LINE__, #condition);	\
			abort();					\
		}							\
	} while (0)

/* Maximum size of an input; mk/fuzz-run passes it to libFuzzer. */
#define INPUT_MAX	(128u << 10)

/* libFuzzer's interface: it defines LLVMFuzzerMutate(), the targets the others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

/* ---- fence.c */

struct fence {
	uint8_t *room;
};

/*
 * Returns SIZE bytes, aligned to 8. An access beyond them ends the program, also in libfdt,
 * which has no sanitizer. One block at a time per FENCE.
 */
void *fenced(struct fence *fence, size_t size);

/* ---- second.c: a second reader of trees, which must agree with the first */

struct second {
	struct vdma_dt_function *fn;	/* paths are allocated */
	size_t count;
	int end;			/* 0, or VDMA_E_DEEP */
};

/* Reads an open tree. */
void second_read(struct second *second, const struct vdma_dt *dt);
void second_free(struct second *second);
/* Do two functions agree, except for path and node? */
bool same_function(const struct vdma_dt_function *a,
		   const struct vdma_dt_function *b);

/* ---- choice.c: choices that depend on a number in the tree */

/* A stream of numbers; *STATE must not be 0 at the start. */
uint64_t next_number(uint64_t *state);

/*
 * The header's boot_cpuid_phys, which the library ignores: 0 in QEMU's trees, anything after
 * mutation.
 */
uint64_t tree_number(const void *fdt);

#endif /* FUZZ_H */
