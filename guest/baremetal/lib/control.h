/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's way to tell a test that it has seen enough: a disk's first word. */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include "disk.h"

/* control_open() - open the last disk, which is without ACCESS_PLATFORM */
void control_open(struct disk *control);

/* control_told() - has the host made the first word 0? Or the disk fails */
bool control_told(struct disk *control);

#endif /* GUEST_CONTROL_H */
