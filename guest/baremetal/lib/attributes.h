/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The kernel's names of attributes */
#ifndef GUEST_ATTRIBUTES_H
#define GUEST_ATTRIBUTES_H

#define __aligned(bytes)	__attribute__((aligned(bytes)))
#define __noreturn		__attribute__((noreturn))
#define __printf(fmt, first)	__attribute__((format(printf, fmt, first)))

#endif /* GUEST_ATTRIBUTES_H */
