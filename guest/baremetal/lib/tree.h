/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The device tree. A missing property that is required ends the program. */
#ifndef GUEST_TREE_H
#define GUEST_TREE_H

#include "base.h"

/* tree_string() - a string property of a node, or @fallback */
const char *tree_string(int node, const char *name, const char *fallback);
/* tree_cells() - a property's cells; NULL if it has fewer than @count */
const uint32_t *tree_cells(int node, const char *name, size_t count);
/* tree_cell() - one cell in the CPU's byte order; bails out if absent */
uint32_t tree_cell(int node, const char *name, size_t index);
/* tree_u64() - cells @index and @index + 1 as one number */
uint64_t tree_u64(const uint32_t *cells, size_t index);
uint32_t tree_u32(const uint32_t *cells, size_t index);

const char *tree_bootargs(void);
uint32_t tree_console(void);
uint32_t tree_timebase(void);
/* tree_cpus() - get hardware numbers of all CPUs; returns their number */
unsigned int tree_cpus(uint32_t *ids, unsigned int max);
/* tree_memory() - call @add for each range of memory */
void tree_memory(void (*add)(uint64_t start, uint64_t end));
/* tree_has_hypertas() - does "ibm,hypertas-functions" list a name? */
bool tree_has_hypertas(const char *name);

#endif /* GUEST_TREE_H */
