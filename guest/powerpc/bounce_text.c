// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* What people are told about a pool that is full. */
#include <vdma/bounce.h>

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void add(struct text *t, const char *s)
{
	for (; *s; s++, t->len++)
		if (t->len + 1 < t->size)
			t->buf[t->len] = *s;
}

static void add_number(struct text *t, uint64_t n)
{
	char digits[21], *s = digits + sizeof(digits) - 1;

	*s = 0;
	do {
		*--s = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add(t, s);
}

/* Rounded up: what is there takes room. */
static void add_kib(struct text *t, uint64_t bytes)
{
	add_number(t, (bytes + 1023) / 1024);
	add(t, " KiB");
}

size_t vdma_bounce_full_text(struct vdma_bounce *b, uint64_t len,
			     const char *device, const char *parameter,
			     char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = size };
	struct vdma_bounce_counts counts;

	vdma_bounce_count(b, &counts);
	add(&t, device);
	add(&t, ": no room for ");
	add_kib(&t, len);
	add(&t, " in its bounce pool of ");
	add_kib(&t, b->config.size);
	add(&t, ", ");
	add_kib(&t, counts.used);
	add(&t, " in use; the request is tried again; a larger ");
	add(&t, parameter);
	add(&t, " makes room");
	buf[t.len < size ? t.len : size - 1] = '\0';
	return t.len;
}
