/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The part of <limits.h> that libfdt uses; the compiler's own includes libc's. */
#ifndef GUEST_LIMITS_H
#define GUEST_LIMITS_H

#define INT_MAX		__INT_MAX__
#define UINT_MAX	(__INT_MAX__ * 2u + 1u)

#endif /* GUEST_LIMITS_H */
