/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control disk: the host stops a test by clearing the disk's first word. */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include "disk.h"

/* control_open() - open the last disk, which has no ACCESS_PLATFORM */
void control_open(struct disk *control);

/* control_wants_stop() - true once the host has cleared the word, or if the disk fails */
bool control_wants_stop(struct disk *control);

#endif /* GUEST_CONTROL_H */
