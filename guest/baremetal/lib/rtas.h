/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* RTAS (LoPAR 7). */
#ifndef GUEST_RTAS_H
#define GUEST_RTAS_H

#include "base.h"

/**
 * rtas_token() - token of an RTAS function
 *
 * Return: the token; 0 if RTAS lacks the function.
 */
uint32_t rtas_token(const char *name);

/**
 * rtas_call() - call RTAS (LoPAR 7.2)
 * @token: token of the function
 * @args: arguments
 * @nargs: number of arguments, at most 8
 * @rets: receives the results after the status, or NULL
 * @nrets: number of results including the status, at most 8
 *
 * Serializes CPUs; retries while RTAS is busy.
 *
 * Return: the status.
 */
int rtas_call(uint32_t token, const uint32_t *args, unsigned int nargs,
	      uint32_t *rets, unsigned int nrets);

void power_off(void) __noreturn;
/* system_reboot() - reset the machine; firmware boots it again */
void system_reboot(void) __noreturn;
/* rtas_start_cpu() - start a CPU at @entry with @r3; returns the status */
int rtas_start_cpu(uint32_t hw_id, uint64_t entry, uint64_t r3);

#endif /* GUEST_RTAS_H */
