/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Time. */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <vdma/virtqueue.h>
#include "base.h"

void time_init(uint32_t frequency);
#define NS_PER_SECOND	1000000000ull
/* time_ns() - nanoseconds since some start */
uint64_t time_ns(void);
extern const struct vdma_clock guest_clock;

#endif /* GUEST_CLOCK_H */
