/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* RTAS (LoPAR 7). */
#ifndef GUEST_RTAS_H
#define GUEST_RTAS_H

#include "base.h"

/**
 * rtas_token() - token of an RTAS function
 *
 * Return: the token; 0 if this RTAS has not got it.
 */
uint32_t rtas_token(const char *name);

/**
 * rtas_call() - call RTAS (LoPAR 7.2)
 * @token: what to do
 * @args: arguments
 * @nargs: how many, at most 8
 * @rets: results behind the status, or NULL
 * @nrets: how many, status included, at most 8
 *
 * One CPU at a time; waits while RTAS is busy.
 *
 * Return: the status.
 */
int rtas_call(uint32_t token, const uint32_t *args, unsigned int nargs,
	      uint32_t *rets, unsigned int nrets);

void power_off(void) __noreturn;
/* system_reboot() - a reset of the whole machine; then firmware boots it again */
void system_reboot(void) __noreturn;
/* rtas_start_cpu() - returns the status */
int rtas_start_cpu(uint32_t hw_id, uint64_t entry, uint64_t r3);

#endif /* GUEST_RTAS_H */
