/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Time. */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <vdma/virtqueue.h>
#include "base.h"

#define NS_PER_SECOND	1000000000ull

void time_init(uint32_t frequency);
/* time_ns() - nanoseconds since a fixed start */
uint64_t time_ns(void);
extern const struct vdma_clock guest_clock;

#endif /* GUEST_CLOCK_H */
