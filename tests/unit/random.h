/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Pseudo-random numbers, the same for the same seed
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* A number below @below; @state starts as the seed. (Knuth's MMIX generator) */
static inline uint32_t random_below(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33) % below;
}

#endif /* RANDOM_H */
