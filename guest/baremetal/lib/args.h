/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The command line. */
#ifndef GUEST_ARGS_H
#define GUEST_ARGS_H

#include "base.h"

void args_init(const char *bootargs);

/**
 * arg() - value of NAME=VALUE on the command line
 * @name: the name
 * @fallback: returned without such a word
 */
const char *arg(const char *name, const char *fallback);

/* arg_number() - value as a decimal number; bails out if it is not one */
uint64_t arg_number(const char *name, uint64_t fallback);

#endif /* GUEST_ARGS_H */
