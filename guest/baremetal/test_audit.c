// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The audit on a real disk: each kind of fault is injected once and reported with the
 * places in the code that it concerns; the same steps without the fault are not reported.
 * The device ignores the IOMMU, so the faults do no harm.
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

/* @faulty: inject the fault; @mapped, @unmapped and @used: places of the last calls */
struct steps {
	struct disk disk;
	char *buffer;
	uint64_t dma;
	bool faulty;
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
		bail_out("cannot map: %s", vdma_strerror(error));
	s->mapped = where;
}

static void unmap_at(struct steps *s, uint64_t dma, uint64_t len,
		     enum vdma_dir dir, const char *where)
{
	int error = vdma_domain_unmap_at(s->disk.device.domain, dma, len, dir,
					 where);

	if (error)
		bail_out("cannot unmap: %s", vdma_strerror(error));
	s->unmapped = where;
}

/* Reads into the buffer, which the caller should have mapped. */
static void use_at(struct steps *s, const char *where)
{
	struct vdma_sg sg = { (uintptr_t)s->buffer, LEN, true };
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .sg = &sg,
					.count = 1 };
	int error = vdma_blk_do_at(&s->disk.queues[0], &req, where);

	if (error || disk_wrong(&s->disk, 0, s->buffer, LEN, false))
		bail_out("cannot read: %s", vdma_strerror(error));
	s->used = where;
}

#define map(s, len, dir)	map_at(s, len, dir, VDMA_HERE)
#define unmap(s, dma, len, dir)	unmap_at(s, dma, len, dir, VDMA_HERE)
#define use(s)			use_at(s, VDMA_HERE)

/* A mapping that is never unmapped */
static void leak(struct steps *s)
{
	map(s, LEN, IN);
	if (!s->faulty)
		unmap(s, s->dma, LEN, IN);
}

/* A buffer that was never mapped */
static void not_mapped(struct steps *s)
{
	if (!s->faulty)
		map(s, LEN, IN);
	use(s);
	if (!s->faulty)
		unmap(s, s->dma, LEN, IN);
}

/* A use after the unmap */
static void after_unmap(struct steps *s)
{
	map(s, LEN, IN);
	if (!s->faulty)
		use(s);
	unmap(s, s->dma, LEN, IN);
	if (s->faulty)
		use(s);
}

/* A use in the other direction */
static void direction(struct steps *s)
{
	enum vdma_dir dir = s->faulty ? OUT : IN;

	map(s, LEN, dir);
	use(s);
	unmap(s, s->dma, LEN, dir);
}

/* A use beyond the end of the mapping */
static void beyond(struct steps *s)
{
	uint64_t len = s->faulty ? LEN - 1 : LEN;

	map(s, len, IN);
	use(s);
	unmap(s, s->dma, len, IN);
}

/* A second unmap */
static void double_unmap(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, IN);
	if (s->faulty)
		unmap_at(s, s->dma, LEN, IN, s->unmapped);
}

/* An unmap of an address that was never mapped */
static void unknown_unmap(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, IN);
	if (s->faulty)
		unmap(s, s->dma + LEN, LEN, IN);
}

/* An unmap of another size */
static void unmap_size(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, s->faulty ? LEN / 2 : LEN, IN);
}

/* An unmap in another direction */
static void unmap_direction(struct steps *s)
{
	map(s, LEN, IN);
	unmap(s, s->dma, LEN, s->faulty ? OUT : IN);
}

/* @mapped, @unmapped: the report names the place of the last map, of the last unmap */
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

/* The place of the faulty call: a use, or else an unmap; a leak has none. */
static const char *faulty_call(const struct kind *kind, const struct steps *s)
{
	if (kind->fault == VDMA_FAULT_LEAK)
		return NULL;
	return s->used ?: s->unmapped;
}

/* The audit has reported this fault alone, with its places. */
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
	report(same(r->where, faulty_call(kind, s)), "%s: found at %s", kind->name,
	       r->where ?: "-");
}

/* Runs the steps of a fault, with or without the fault. */
static void one_kind(const struct kind *kind, bool faulty)
{
	struct vdma_blk_config config = disk_config();
	struct steps s = { .buffer = pages_get(LEN), .faulty = faulty };

	disk_open(&s.disk, &config);
	kind->steps(&s);
	s.disk.device.expected_faults = faulty;
	disk_close(&s.disk);
	if (faulty)
		check(kind, &s);
	pages_put(s.buffer, LEN);
}

/* The audit reports each kind of fault, and nothing without one. */
static void audit(void)
{
	size_t i;

	report(ARRAY_SIZE(kinds) == VDMA_FAULT_RECORD_FULL,
	       "each kind of fault except a full record");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		one_kind(&kinds[i], false);
		one_kind(&kinds[i], true);
	}
}

GUEST_TEST(audit, audit);
