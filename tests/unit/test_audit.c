// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: the audit reports every kind of fault, with the place that mapped the address,
 * and nothing else. Each kind is injected once; long random use is checked against a plain
 * list. With a ring, a build without VDMA_AUDIT records nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vq_model.h"

#define SEED		0xa0d17ull
#define STEPS		300000
#define NODES		512

struct fixture {
	struct vdma_audit audit;
	struct vdma_audit_node nodes[NODES];
	struct vdma_audit_report last;
	unsigned int reports;
};

static void note(void *ctx, const struct vdma_audit_report *report)
{
	struct fixture *f = ctx;

	f->last = *report;
	f->reports++;
}

static void set_up(struct fixture *f, uint32_t nodes)
{
	memset(f, 0, sizeof(*f));
	vdma_audit_init(&f->audit, f->nodes, nodes, note, f, NULL);
}

static struct vdma_audit_counts audit_counts(const struct fixture *f)
{
	struct vdma_audit_counts counts;

	vdma_audit_count(&f->audit, &counts);
	return counts;
}

/* There is exactly one report, with this content. */
static void expect(struct fixture *f, enum vdma_fault fault, const char *where,
		   const char *mapped, const char *unmapped)
{
	assert_int_equal(f->reports, 1);
	assert_int_equal(audit_counts(f).faults[fault], 1);
	assert_int_equal(audit_counts(f).total, 1);
	assert_int_equal(f->last.fault, fault);
	assert_ptr_equal(f->last.where, where);
	assert_ptr_equal(f->last.mapped, mapped);
	assert_ptr_equal(f->last.unmapped, unmapped);
}

static const char here[] = "here:1", there[] = "there:2", late[] = "late:3";

#define BOTH	VDMA_BIDIRECTIONAL
#define IN	VDMA_FROM_DEVICE
#define OUT	VDMA_TO_DEVICE

static void good_use(struct vdma_audit *a)
{
	vdma_audit_map(a, 0x1000, 0x100, IN, here);
	vdma_audit_map(a, 0x1000, 0x100, IN, here);
	vdma_audit_map(a, 0x1080, 0x100, OUT, here);
	assert_true(vdma_audit_check(a, 0x10ff, 1, IN, there));
	assert_true(vdma_audit_check(a, 0x1080, 0x100, OUT, there));
	vdma_audit_unmap(a, 0x1000, 0x100, IN, late);
	assert_true(vdma_audit_check(a, 0x1000, 0x100, IN, there));
	vdma_audit_unmap(a, 0x1000, 0x100, IN, late);
	vdma_audit_unmap(a, 0x1080, 0x100, OUT, late);
}

/* Correct use gives no report. */
static void silent_without_fault(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, NODES);
	good_use(&f.audit);
	assert_int_equal(vdma_audit_finish(&f.audit), 0);
	assert_int_equal(f.reports, 0);
	assert_int_equal(audit_counts(&f).live_max, 3);
}

static void leak(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 8, IN, here);
	assert_int_equal(vdma_audit_finish(&f->audit), 1);
	expect(f, VDMA_FAULT_LEAK, NULL, here, NULL);
	assert_int_equal(f->last.dma, 0x2000);
	assert_int_equal(f->last.len, 8);
}

static void not_mapped(struct fixture *f)
{
	assert_false(vdma_audit_check(&f->audit, 0x5000, 8, IN, there));
	expect(f, VDMA_FAULT_NOT_MAPPED, there, NULL, NULL);
}

static void after_unmap(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, IN, here);
	vdma_audit_unmap(&f->audit, 0x2000, 0x100, IN, late);
	assert_false(vdma_audit_check(&f->audit, 0x2010, 8, IN, there));
	expect(f, VDMA_FAULT_AFTER_UNMAP, there, here, late);
}

static void direction(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, OUT, here);
	assert_false(vdma_audit_check(&f->audit, 0x2000, 0x100, IN, there));
	expect(f, VDMA_FAULT_DIRECTION, there, here, NULL);
	assert_int_equal(f->last.mapping_dir, OUT);
}

static void beyond(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, BOTH, here);
	assert_false(vdma_audit_check(&f->audit, 0x20ff, 2, IN, there));
	expect(f, VDMA_FAULT_BEYOND, there, here, NULL);
	assert_int_equal(f->last.mapping_len, 0x100);
}

static void double_unmap(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, IN, here);
	vdma_audit_unmap(&f->audit, 0x2000, 0x100, IN, there);
	vdma_audit_unmap(&f->audit, 0x2000, 0x100, IN, late);
	expect(f, VDMA_FAULT_DOUBLE_UNMAP, late, here, there);
}

static void unknown_unmap(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, IN, here);
	vdma_audit_unmap(&f->audit, 0x2008, 0xf8, IN, late);
	expect(f, VDMA_FAULT_UNKNOWN_UNMAP, late, NULL, NULL);
}

static void unmap_size(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, IN, here);
	vdma_audit_unmap(&f->audit, 0x2000, 0x200, IN, late);
	expect(f, VDMA_FAULT_UNMAP_SIZE, late, here, NULL);
	assert_int_equal(f->last.mapping_len, 0x100);
	assert_int_equal(f->last.len, 0x200);
	assert_int_equal(vdma_audit_finish(&f->audit), 0);
}

static void unmap_direction(struct fixture *f)
{
	vdma_audit_map(&f->audit, 0x2000, 0x100, IN, here);
	vdma_audit_unmap(&f->audit, 0x2000, 0x100, OUT, late);
	expect(f, VDMA_FAULT_UNMAP_DIRECTION, late, here, NULL);
}

/* Each fault is reported once, with its places, among correct uses. */
static void each_fault(void **state)
{
	static void (* const seeds[])(struct fixture *f) = {
		[VDMA_FAULT_LEAK] = leak,
		[VDMA_FAULT_NOT_MAPPED] = not_mapped,
		[VDMA_FAULT_AFTER_UNMAP] = after_unmap,
		[VDMA_FAULT_DIRECTION] = direction,
		[VDMA_FAULT_BEYOND] = beyond,
		[VDMA_FAULT_DOUBLE_UNMAP] = double_unmap,
		[VDMA_FAULT_UNKNOWN_UNMAP] = unknown_unmap,
		[VDMA_FAULT_UNMAP_SIZE] = unmap_size,
		[VDMA_FAULT_UNMAP_DIRECTION] = unmap_direction,
	};
	unsigned int i;
	struct fixture f;

	(void)state;
	for (i = 0; i < VDMA_FAULT_RECORD_FULL; i++) {
		set_up(&f, NODES);
		/* among correct uses */
		good_use(&f.audit);
		vdma_audit_map(&f.audit, 0x1000, 8, BOTH, NULL);
		vdma_audit_unmap(&f.audit, 0x1000, 8, BOTH, NULL);
		seeds[i](&f);
	}
}

/* A full record is reported once, and causes no wrong report afterwards. */
static void record_full(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 2);
	vdma_audit_map(&f.audit, 0x1000, 8, IN, here);
	vdma_audit_map(&f.audit, 0x2000, 8, IN, here);
	vdma_audit_map(&f.audit, 0x3000, 8, IN, there);
	expect(&f, VDMA_FAULT_RECORD_FULL, there, NULL, NULL);
	assert_false(vdma_audit_check(&f.audit, 0x3000, 8, IN, late));
	vdma_audit_unmap(&f.audit, 0x3000, 8, IN, late);
	assert_int_equal(f.reports, 1);
}

struct entry {
	uint64_t dma, len;
	unsigned int dir;
};

static bool listed(const struct entry *list, unsigned int n, uint64_t dma,
		   uint64_t len, unsigned int dir)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (list[i].dma <= dma && dma + len <=
		    list[i].dma + list[i].len && (list[i].dir & dir) == dir)
			return true;
	return false;
}

/* Random use and checks agree with a plain list of mappings. */
static void random_use(void **state)
{
	struct entry list[NODES];
	uint64_t random = SEED;
	unsigned int n = 0, step, refused = 0;
	struct fixture f;

	(void)state;
	print_message("  seed %llx, %u steps\n", SEED, STEPS);
	set_up(&f, NODES);
	for (step = 0; step < STEPS; step++) {
		uint64_t r = model_random(&random) >> 20;
		struct entry e = { r & 0x3ff, 1 + (r >> 10 & 63),
				   1 + (r >> 16) % 3 };

		if ((r >> 20 & 7) < 3 && n < NODES / 2) {
			vdma_audit_map(&f.audit, e.dma, e.len,
				       (enum vdma_dir)e.dir, here);
			list[n++] = e;
		} else if ((r >> 20 & 7) < 6 && n) {
			unsigned int i = (r >> 24) % n;

			vdma_audit_unmap(&f.audit, list[i].dma, list[i].len,
					 (enum vdma_dir)list[i].dir, there);
			list[i] = list[--n];
		} else {
			bool good = vdma_audit_check(&f.audit, e.dma, e.len,
						     (enum vdma_dir)e.dir,
						     late);

			assert_int_equal(good, listed(list, n, e.dma, e.len,
						      e.dir));
			refused += !good;
		}
		assert_int_equal(f.reports, refused);
		assert_int_equal(audit_counts(&f).live, n);
	}
	assert_int_equal(vdma_audit_finish(&f.audit), n);
	assert_true(refused > 100);
}

/* Depth of the tree: no order of addresses makes it a list. */
static unsigned int depth(const struct vdma_audit_node *node)
{
	unsigned int left, right;

	if (!node)
		return 0;
	left = depth(node->left);
	right = depth(node->right);
	return 1 + (left > right ? left : right);
}

/* Mappings in rising order leave a shallow tree. */
static void balanced(void **state)
{
	static struct vdma_audit_node nodes[65536];
	struct vdma_audit audit;
	struct fixture f;
	uint32_t i;

	(void)state;
	vdma_audit_init(&audit, nodes, 65536, note, &f, NULL);
	for (i = 0; i < 65536; i++)
		vdma_audit_map(&audit, i * 16ull, 16, IN, here);
	/* about 2 ln n = 22 on average; 16 would be perfect */
	assert_true(depth(audit.root) < 64);
}

static void no_notify(void *ctx, uint16_t value)
{
	(void)ctx;
	(void)value;
}

/*
 * With a ring: a segment that the caller claims to have mapped is reported with this
 * file's name, a ring that is not torn down as a leak; nothing in a build without the
 * audit.
 */
static void over_a_ring(void **state)
{
#ifdef VDMA_AUDIT
	const unsigned int seen = 1;
#else
	const unsigned int seen = 0;
#endif
	struct vdma_vq_config config = { .num = 4, .notify = no_notify };
	struct model *m = model_new();
	struct vdma_sg sg = { MODEL_PHYS, 16, false };
	struct vdma_vq vq;
	void *mem = malloc(vdma_vq_private_size(&config));
	struct fixture f;

	(void)state;
	set_up(&f, NODES);
	m->domain.audit = &f.audit;
	assert_int_equal(vdma_vq_init(&vq, &m->domain, &config, mem), VDMA_OK);
	assert_int_equal(vdma_vq_add(&vq, &sg, 1, 0, &sg), VDMA_OK);
	assert_int_equal(f.reports, 0);
	assert_int_equal(audit_counts(&f).live, 2 * seen);

	sg.mapped = true;
	assert_int_equal(vdma_vq_add(&vq, &sg, 1, 0, &sg), VDMA_OK);
	assert_int_equal(f.reports, seen);
	assert_int_equal(audit_counts(&f).faults[VDMA_FAULT_NOT_MAPPED], seen);
	if (seen)
		assert_non_null(strstr(f.last.where, "test_audit.c:"));

	assert_int_equal(vdma_audit_finish(&f.audit), 2 * seen);
	while (vdma_vq_detach_unused_buf(&vq))
		;
	vdma_vq_fini(&vq);
	assert_int_equal(vdma_audit_finish(&f.audit), 0);
	free(mem);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_without_fault),
		cmocka_unit_test(each_fault),
		cmocka_unit_test(record_full),
		cmocka_unit_test(random_use),
		cmocka_unit_test(balanced),
		cmocka_unit_test(over_a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
