/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Formatted text, and the console. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdarg.h>
#include "base.h"

/**
 * vformat() - format text
 * @to: the text, always ended by 0
 * @size: room at @to, at least 1
 * @fmt: of printf's: %s %c %d %u %x %p %%, l and z, 0 and a width
 * @args: arguments
 *
 * Return: the length of the text, without what did not fit.
 */
size_t vformat(char *to, size_t size, const char *fmt, va_list args)
	__printf(3, 0);
size_t format(char *to, size_t size, const char *fmt, ...)
	__printf(3, 4);

/**
 * console_init() - find the console
 * @termno: unit address of the vty
 */
void console_init(uint32_t termno);

/* print() - write to the console; the text of one call stays together. */
void print(const char *fmt, ...) __printf(1, 2);

/* bail_out() - say why this can't go on, and power off. */
void bail_out(const char *fmt, ...)
	__noreturn __printf(1, 2);

#endif /* GUEST_CONSOLE_H */
