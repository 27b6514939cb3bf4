/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Common types, sizes and helpers */
#ifndef GUEST_BASE_H
#define GUEST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "attributes.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define KIB		1024ul
#define MIB		(1024ul * KIB)
#define GIB		(1024ul * MIB)

/* memory_is() - tests whether all bytes of a range are @value */
bool memory_is(const void *memory, uint64_t len, uint8_t value);

#endif /* GUEST_BASE_H */
