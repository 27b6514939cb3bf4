// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The console: H_PUT_TERM_CHAR (LoPAR 16.6.2), which needs no firmware and
 * works on every CPU, in every state.
 */
#include <vdma/abi.h>
#include "base.h"
#include "console.h"
#include "hypercall.h"
#include "lopar.h"
#include "rtas.h"
#include "smp.h"
#include "spinlock.h"

#define LINE_MAX	512
#define CHUNK		16

static struct spinlock console_lock;
static uint32_t console_termno;

void console_init(uint32_t termno)
{
	console_termno = termno;
}

/* Characters go in registers, the first in the most significant byte. */
static uint64_t console_word(const char *s, size_t len)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		value = value << 8 | (i < len ? (uint8_t)s[i] : 0);
	return value;
}

static void console_put_chunk(const char *s, size_t len)
{
	struct vdma_hcall call = {
		.opcode = H_PUT_TERM_CHAR,
		.in = { console_termno, len, console_word(s, len),
			len > 8 ? console_word(s + 8, len - 8) : 0 },
	};

	while (hcall(&call) == VDMA_H_BUSY)
		;
}

static void console_put_text(const char *s, size_t len)
{
	size_t n;

	for (; len; s += n, len -= n) {
		n = MIN(len, CHUNK);
		console_put_chunk(s, n);
	}
}

void print(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list args;
	size_t len;
	/* The CPU may hold the lock itself if an exception interrupted print(). */
	bool locked = !this_cpu || !this_cpu->in_exception;

	va_start(args, fmt);
	len = vformat(line, sizeof(line), fmt, args);
	va_end(args);
	if (locked)
		spin_lock(&console_lock);
	console_put_text(line, len);
	if (locked)
		spin_unlock(&console_lock);
}

void bail_out(const char *fmt, ...)
{
	char text[LINE_MAX - 16];
	va_list args;

	va_start(args, fmt);
	vformat(text, sizeof(text), fmt, args);
	va_end(args);
	print("Bail out! %s\n", text);
	power_off();
}
