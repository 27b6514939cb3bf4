/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Formatted text, and the console. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdarg.h>
#include "base.h"

/**
 * vformat() - format text
 * @to: receives the text, always terminated by a NUL
 * @size: size of @to, at least 1
 * @fmt: as printf's: %s %c %d %u %x %p %%, l and z, 0 and a width
 * @args: arguments
 *
 * Return: the length of the text as far as it fits.
 */
size_t vformat(char *to, size_t size, const char *fmt, va_list args)
	__printf(3, 0);
size_t format(char *to, size_t size, const char *fmt, ...)
	__printf(3, 4);

/**
 * console_init() - set the console to use
 * @termno: unit address of the vty
 */
void console_init(uint32_t termno);

/* print() - write to the console; other CPUs' text does not get in between */
void print(const char *fmt, ...) __printf(1, 2);

/* bail_out() - print a fatal error and power off */
void bail_out(const char *fmt, ...)
	__noreturn __printf(1, 2);

#endif /* GUEST_CONSOLE_H */
