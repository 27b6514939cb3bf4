/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The command line. */
#ifndef GUEST_ARGS_H
#define GUEST_ARGS_H

#include "base.h"

void args_init(const char *bootargs);

/**
 * arg() - a word of the command line
 * @name: in front of its =
 * @otherwise: if it is not there
 */
const char *arg(const char *name, const char *otherwise);

/* arg_number() - the same, of decimal digits; bails out if it has others */
uint64_t arg_number(const char *name, uint64_t otherwise);

#endif /* GUEST_ARGS_H */
