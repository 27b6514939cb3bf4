// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pseudo-random numbers that depend on the input only
 */
#include "fuzz.h"

/* Xorshift (Marsaglia, 2003), with the triple 13, 7, 17. */
uint64_t next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

uint64_t tree_number(const void *fdt)
{
	return fdt_boot_cpuid_phys(fdt);
}
