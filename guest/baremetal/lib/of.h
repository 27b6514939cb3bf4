/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The client interface of firmware (IEEE 1275, 6.3) */
#ifndef GUEST_OF_H
#define GUEST_OF_H

#include "base.h"

/**
 * of_take_over() - instantiate RTAS, fetch the device tree and quiesce firmware
 * @client_interface: address of the client interface, from r5
 *
 * Firmware's memory and the vectors at 0 are free afterwards.
 */
void of_take_over(uint64_t client_interface);

/* of_die() - print @text through firmware, before there is a console, and power off */
void of_die(const char *text) __noreturn;

/* of_tree() - the flattened device tree */
const void *of_tree(void);
/* of_rtas() - real address of RTAS */
uint64_t of_rtas(void);

#endif /* GUEST_OF_H */
