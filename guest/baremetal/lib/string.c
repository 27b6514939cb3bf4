// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The part of <string.h> that libfdt and the compiler need. Uses words where alignment
 * allows, so that large buffers do not slow tests down.
 */
#include <stdint.h>
#include <string.h>
#include "base.h"

#define WORD_MASK	(sizeof(uint64_t) - 1)

/* May alias anything, as memory does. */
typedef uint64_t __attribute__((may_alias)) word_t;

static int both_aligned(const void *a, const void *b)
{
	return !(((uintptr_t)a | (uintptr_t)b) & WORD_MASK);
}

void *memcpy(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (both_aligned(to, from)) {
		for (; n >= sizeof(word_t); n -= sizeof(word_t)) {
			*(word_t *)t = *(const word_t *)f;
			t += sizeof(word_t);
			f += sizeof(word_t);
		}
	}
	while (n--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t <= f || t >= f + n)
		return memcpy(to, from, n);
	while (n--)
		t[n] = f[n];
	return to;
}

void *memset(void *s, int c, size_t n)
{
	uint64_t pattern = (uint8_t)c * 0x0101010101010101ull;
	uint8_t *p = s;

	for (; n && ((uintptr_t)p & WORD_MASK); n--)
		*p++ = c;
	for (; n >= sizeof(word_t); n -= sizeof(word_t)) {
		*(word_t *)p = pattern;
		p += sizeof(word_t);
	}
	while (n--)
		*p++ = c;
	return s;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	for (; n; n--, p++) {
		if (*p == (uint8_t)c)
			return (void *)p;
	}
	return NULL;
}

size_t strnlen(const char *s, size_t n)
{
	size_t len = 0;

	while (len < n && s[len])
		len++;
	return len;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
	size_t n = strlen(s) + 1;

	while (n--) {
		if (s[n] == (char)c)
			return (char *)s + n;
	}
	return NULL;
}

bool memory_is(const void *memory, uint64_t len, uint8_t value)
{
	const uint8_t *p = memory;

	while (len--) {
		if (*p++ != value)
			return false;
	}
	return true;
}
