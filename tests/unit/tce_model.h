/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A hypervisor's TCE table for unit tests: strict about LoPAR 14.5.4.2, and can fail at
 * any entry.
 */
#ifndef TCE_MODEL_H
#define TCE_MODEL_H

#include <stdlib.h>
#include <string.h>

#include <vdma/error.h>
#include <vdma/tce.h>

#define TABLE_PAGES	2048
#define TABLE_BASE	0x800000000000000ull
#define TABLE_LIOBN	0x80000001u
#define LIST_PHYS	0x7000000ull

#define H_HARDWARE	(-1)

struct table {
	uint64_t tce[TABLE_PAGES];
	unsigned int shift;
	struct vdma_be64 *list;
	struct vdma_hv_ops hv;
	struct vdma_pages pages;
	unsigned int pages_out;
	uint64_t next_phys;
	bool no_indirect, no_stuff;
	/* fail when the n-th entry from now is entered or cleared; 0: never */
	uint64_t fail_enter, fail_clear;
	uint64_t calls;
};

static inline bool table_write(struct table *t, uint64_t at, uint64_t tce)
{
	uint64_t *fail = tce ? &t->fail_enter : &t->fail_clear;

	assert_true(at < TABLE_PAGES);
	assert_false(tce & ((1ull << t->shift) - 1) & ~3ull);
	/* only an empty entry is entered */
	assert_true(!tce || !t->tce[at]);
	if (*fail && !--*fail)
		return false;
	t->tce[at] = tce;
	return true;
}

static inline uint64_t list_entry(const struct table *t, uint64_t i)
{
	const unsigned char *p = (const unsigned char *)&t->list[i];
	uint64_t value = 0;
	unsigned int b;

	for (b = 0; b < 8; b++)
		value = value << 8 | p[b];
	return value;
}

static inline int64_t table_call(void *ctx, struct vdma_hcall *h)
{
	struct table *t = ctx;
	uint64_t at = (h->in[1] - TABLE_BASE) >> t->shift;
	uint64_t i, n = h->in[3];

	t->calls++;
	assert_int_equal(h->in[0], TABLE_LIOBN);
	assert_int_equal(h->in[1] & ((1ull << t->shift) - 1), 0);
	switch (h->opcode) {
	case 0x20:
		return table_write(t, at, h->in[2]) ? 0 : H_HARDWARE;
	case 0x13c:
		if (t->no_indirect)
			return -2;
		assert_int_equal(h->in[2], LIST_PHYS);
		assert_true(n > 0 && n <= 512);
		for (i = 0; i < n; i++)
			if (!table_write(t, at + i, list_entry(t, i)))
				return H_HARDWARE;
		return 0;
	case 0x138:
		if (t->no_stuff)
			return -2;
		assert_int_equal(h->in[2], 0);
		assert_true(n > 0 && n <= 512);
		for (i = 0; i < n; i++)
			if (!table_write(t, at + i, 0))
				return H_HARDWARE;
		return 0;
	default:
		fail_msg("unexpected hypercall %llx",
			 (unsigned long long)h->opcode);
		return -2;
	}
}

static inline int table_get_pages(void *ctx, uint64_t len,
				  struct vdma_memory *mem)
{
	struct table *t = ctx;

	mem->cpu = NULL;
	mem->phys = t->next_phys;
	mem->len = len;
	t->next_phys += (len + 4095) & ~4095ull;
	t->pages_out++;
	return VDMA_OK;
}

static inline void table_put_pages(void *ctx, const struct vdma_memory *mem)
{
	struct table *t = ctx;

	(void)mem;
	t->pages_out--;
}

static inline struct table *table_new(unsigned int shift)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->shift = shift;
	t->list = calloc(VDMA_TCE_MOST, sizeof(*t->list));
	t->hv = (struct vdma_hv_ops){ table_call, t };
	t->pages = (struct vdma_pages){ table_get_pages, table_put_pages, t };
	t->next_phys = 0x200000000ull;
	return t;
}

static inline struct vdma_tce_window table_window(struct table *t)
{
	return (struct vdma_tce_window){
		.hv = &t->hv,
		.list = { t->list, LIST_PHYS },
		.base = TABLE_BASE, .pages = TABLE_PAGES,
		.liobn = TABLE_LIOBN, .page_shift = (uint8_t)t->shift,
	};
}

static inline unsigned int table_used(const struct table *t)
{
	unsigned int i, n = 0;

	for (i = 0; i < TABLE_PAGES; i++)
		n += t->tce[i] != 0;
	return n;
}

/* Physical address of a device's access; 0 if it is not allowed. */
static inline uint64_t table_translate(const struct table *t, uint64_t dma,
				       unsigned int dir)
{
	uint64_t at = (dma - TABLE_BASE) >> t->shift;
	uint64_t page = (1ull << t->shift) - 1;

	if (at >= TABLE_PAGES || (t->tce[at] & dir) != dir)
		return 0;
	return (t->tce[at] & ~page) | (dma & page);
}

static inline void table_free(struct table *t)
{
	free(t->list);
	free(t);
}

#endif /* TCE_MODEL_H */
