// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* The part of printf that messages need */
#include "base.h"
#include "console.h"

struct text {
	char *to;
	size_t size;
	size_t len;
};

static void printf_put(struct text *text, char c)
{
	if (text->len + 1 < text->size)
		text->to[text->len++] = c;
}

static void printf_put_padded(struct text *text, const char *s, size_t len,
			      unsigned int width, char pad)
{
	for (; width > len; width--)
		printf_put(text, pad);
	while (len--)
		printf_put(text, *s++);
}

static void printf_put_number(struct text *text, uint64_t value, bool negative,
			      unsigned int base, unsigned int width, char pad)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		digits[--at] = '-';
	printf_put_padded(text, digits + at, sizeof(digits) - at, width, pad);
}

/* Formats one conversion; returns the rest of the format. */
static const char *printf_convert(struct text *text, const char *fmt, va_list *args)
{
	char pad = ' ', c;
	unsigned int width = 0;
	bool wide = false;
	const char *s;
	int64_t value;

	if (*fmt == '0')
		pad = *fmt++;
	while (*fmt >= '0' && *fmt <= '9')
		width = width * 10 + (unsigned int)(*fmt++ - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		wide = true;

	switch (*fmt) {
	case 'd':
		value = wide ? va_arg(*args, int64_t) : va_arg(*args, int);
		printf_put_number(text, value < 0 ? -(uint64_t)value : (uint64_t)value,
				  value < 0, 10, width, pad);
		break;
	case 'u':
	case 'x':
		printf_put_number(text, wide ? va_arg(*args, uint64_t) :
				  va_arg(*args, unsigned int), false,
				  *fmt == 'u' ? 10 : 16, width, pad);
		break;
	case 'p':
		printf_put_number(text, (uintptr_t)va_arg(*args, void *), false, 16,
				  16, '0');
		break;
	case 's':
		s = va_arg(*args, const char *);
		s = s ? s : "(null)";
		printf_put_padded(text, s, strlen(s), width, ' ');
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		printf_put_padded(text, &c, 1, width, ' ');
		break;
	default:
		printf_put(text, '%');
		if (*fmt != '%')
			printf_put(text, *fmt);
		break;
	}
	return *fmt ? fmt + 1 : fmt;
}

size_t vformat(char *to, size_t size, const char *fmt, va_list args)
{
	struct text text = { to, size, 0 };
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		if (*fmt == '%')
			fmt = printf_convert(&text, fmt + 1, &copy);
		else
			printf_put(&text, *fmt++);
	}
	va_end(copy);
	to[text.len] = 0;
	return text.len;
}

size_t format(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = vformat(to, size, fmt, args);
	va_end(args);
	return len;
}
