// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The audit, over a real disk: each kind of fault is made once, and reported
 * with the places that it concerns; the same steps without the fault are not.
 * The device has no IOMMU in its way, so what is wrong by the books does no harm.
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/console.h"
#include "lib/disk.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define LEN	(4 * KIB)
#define IN	VDMA_FROM_DEVICE
#define OUT	VDMA_TO_DEVICE

/* @bad: make the fault; the places are where the last call of each kind was. */
struct steps {
	struct disk disk;
	char *buffer;
	uint64_t dma;
	bool bad;
	const char *mapped;
	const char *unmapped;
	const char *used;
};

static void map_at(struct steps *s, uint64_t len, enum vdma_dir dir,
		   const char *where)
{
	int error = vdma_domain_map_at(s->disk.device.domain,
				       (uintptr_t)s->buffer, len, dir, &s->dma,
				       where);

	if (error)
		bail_out("map: %s", vdma_strerror(error));
	s->mapped = where;
}

static void unmap_at(struct steps *s, uint64_t dma, uint64_t len,
		     enum vdma_dir dir, const char *where)
{
	int error = vdma_domain_unmap_at(s->disk.device.domain, dma, len, dir,
					 where);

	if (error)
		bail_out("unmap: %s", vdma_strerror(error));
	s->unmapped = where;
}

/* A read to the buffer, which another owner should have mapped. */
static void use_at(struct steps *s, const char *where)
{
	struct vdma_sg sg = { (uintptr_t)s->buffer, LEN, true };
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = &sg,
					.count = 1 };
	int error = vdma_blk_do_at(&s->disk.queues[0], &req, where);

	if (error || disk_wrong(&s->disk, 0, s->buffer, LEN, false))
		bail_out("read: %s", vdma_strerror(error));
	s->used = where;
}

#define map(s, len, dir)	map_at(s, len, dir, VDMA_HERE)
#define unmap(s, dma, len, dir)	unmap_at(s, dma, len, dir, VDMA_HERE)
#define use(s)			use_at(s, VDMA_HERE)

static void leak(struct steps *s)
{
	map(s, LEN, IN);
	if (!s->bad)
		unmap(s, s->dma, LEN, IN);
}

static void not_mapped(struct steps *s)
{
	if (!s->bad)
		map(s, LEN, IN);
	use(s);
	if (!s->bad)
		unmap(s, s->dma, LEN, IN);
}

static void after_unmap(struct steps *s)
{
	map(s, LEN, IN);
	if (!s->bad)
		use(s);
	unmap(s, s->dma, LEN, IN);
	if (s->bad)
		use(s);
}

static void direction(struct steps *s)
{
	enum vdma_dir dir = s->bad ? OUT : IN;

	map(s, LEN, dir);
	use(s);
	unmap(s, s->dma, LEN, dir);
}

static void beyond(struct steps *s)
{
	uint64_t len = s->bad ? LEN - 1 : LEN;

	map(s, len, IN);
	use(s);
	unmap(s, s->dma, len, IN);
}

static void double_unmap(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, IN);
	if (s->bad)
		unmap_at(s, s->dma, LEN, IN, s->unmapped);
}

static void unknown_unmap(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, IN);
	if (s->bad)
		unmap(s, s->dma + LEN, LEN, IN);
}

static void unmap_size(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, s->bad ? LEN / 2 : LEN, IN);
}

static void unmap_direction(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, s->bad ? OUT : IN);
}

/* Whether a report has the place of the last call of a kind, or none. */
struct kind {
	const char *name;
	void (*steps)(struct steps *s);
	enum vdma_fault fault;
	bool mapped;
	bool unmapped;
};

static const struct kind kinds[] = {
	{ "leak", leak, VDMA_FAULT_LEAK, true, false },
	{ "not mapped", not_mapped, VDMA_FAULT_NOT_MAPPED, false, false },
	{ "after unmap", after_unmap, VDMA_FAULT_AFTER_UNMAP, true, true },
	{ "direction", direction, VDMA_FAULT_DIRECTION, true, false },
	{ "beyond", beyond, VDMA_FAULT_BEYOND, true, false },
	{ "double unmap", double_unmap, VDMA_FAULT_DOUBLE_UNMAP, true, true },
	{ "unknown unmap", unknown_unmap, VDMA_FAULT_UNKNOWN_UNMAP, false,
	  false },
	{ "unmap size", unmap_size, VDMA_FAULT_UNMAP_SIZE, true, false },
	{ "unmap direction", unmap_direction, VDMA_FAULT_UNMAP_DIRECTION, true,
	  false },
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The fault is a use, an unmap, or, for a leak, no call at all. */
static const char *culprit(const struct kind *kind, const struct steps *s)
{
	if (kind->fault == VDMA_FAULT_LEAK)
		return NULL;
	return s->used ?: s->unmapped;
}

static void check(const struct kind *kind, const struct steps *s)
{
	const struct vdma_audit_report *r = &s->disk.device.fault;
	struct vdma_audit_counts counts;

	vdma_audit_count(&s->disk.device.audit, &counts);
	report(counts.faults[kind->fault] == 1 && r->fault == kind->fault,
	       "%s: %s", kind->name, vdma_fault_text(kind->fault));
	report(same(r->mapped, kind->mapped ? s->mapped : NULL) &&
	       same(r->unmapped, kind->unmapped ? s->unmapped : NULL),
	       "%s: mapped at %s", kind->name, r->mapped ?: "-");
	report(same(r->where, culprit(kind, s)), "%s: found at %s", kind->name,
	       r->where ?: "-");
}

static void one_kind(const struct kind *kind, bool bad)
{
	struct vdma_blk_config config = disk_config();
	struct steps s = { .buffer = pages_get(LEN), .bad = bad };

	disk_open(&s.disk, &config);
	kind->steps(&s);
	s.disk.device.expected_faults = bad;
	disk_close(&s.disk);
	if (bad)
		check(kind, &s);
	pages_put(s.buffer, LEN);
}

static void audit(void)
{
	size_t i;

	report(ARRAY_SIZE(kinds) == VDMA_FAULT_RECORD_FULL,
	       "each kind of fault but a record that is full");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		one_kind(&kinds[i], false);
		one_kind(&kinds[i], true);
	}
}

GUEST_TEST(audit, audit);
