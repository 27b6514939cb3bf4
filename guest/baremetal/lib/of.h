/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The client interface (IEEE 1275, 6.3), while there is firmware. */
#ifndef GUEST_OF_H
#define GUEST_OF_H

#include "base.h"

/**
 * of_take_over() - take from firmware what it has, and end it
 * @client_interface: what firmware was entered with in r5
 *
 * Instantiates RTAS and fetches the device tree as firmware has completed it.
 * Its memory, and the vectors at 0, are ours afterwards.
 */
void of_take_over(uint64_t client_interface);

/* of_die() - before there is a console: say it through firmware, and end. */
void of_die(const char *text) __noreturn;

/* of_tree() - the flattened device tree */
const void *of_tree(void);
/* of_rtas() - real address of RTAS */
uint64_t of_rtas(void);

#endif /* GUEST_OF_H */
