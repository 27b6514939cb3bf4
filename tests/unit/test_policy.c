// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: vdma_decide() follows the table of docs/abi/policy.md over the whole product of
 * its facts. The oracle is policy_table.h, the source of that page's tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/abi.h>
#include <vdma/policy.h>
#include "policy_table.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MEMORY_END	(8ull << 30)
#define BYPASS_BASE	(1ull << VDMA_BYPASS_WINDOW_SHIFT)
#define DDW_BASE	(1ull << 59)

/* A point of the product, in the words of the table */
struct point {
	bool sec, f, v1, pool, quirk, coherent, off;
	enum { UNTAGGED, MALFORMED, TAGGED } tag;
	enum { UNLISTED, REFUSED, GRANTED } answer;
	enum { AGREES, DISAGREES, BOTH_SMALL } windows;
	enum { DDW_NONE, DDW_SMALL, DDW_SHORT, DDW_FULL } ddw;
	enum { MASK_32, MASK_DDW, MASK_64 } mask;
	unsigned int asked;	/* enum vdma_mode */
	unsigned int live;	/* enum vdma_mode */
};

static bool unobstructed(const struct point *p, const char *mode);

static bool word_holds(const struct point *p, const char *word)
{
	bool wanted = word[0] != '!';

#define WORD_HOLDS(name, holds, text, negated)				\
	if (!strcmp(name, word + !wanted))				\
		return (holds) == wanted;
	POLICY_WORDS(WORD_HOLDS)
#undef WORD_HOLDS
	fail_msg("the table uses an unknown word: %s", word);
	return false;
}

static bool holds(const struct point *p, const char *when)
{
	char text[128], *word, *rest = NULL;

	snprintf(text, sizeof(text), "%s", when);
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (!word_holds(p, word))
			return false;
	return true;
}

static struct vdma_facts point_facts(const struct point *p)
{
	static const uint64_t masks[] = {
		[MASK_32] = 0xffffffffull,
		[MASK_DDW] = DDW_BASE + MEMORY_END - 1,
		[MASK_64] = ~0ull,
	};
	struct vdma_window window = { BYPASS_BASE, MEMORY_END };
	struct vdma_facts f = {
		.features = (uint64_t)p->f << VDMA_F_ACCESS_PLATFORM_BIT |
			    (uint64_t)p->v1 << VDMA_F_VERSION_1_BIT,
		.dma_mask = masks[p->mask],
		.memory_end = MEMORY_END,
		.property = (enum vdma_property)p->tag,
		.answer = (enum vdma_answer)p->answer,
		.ddw = p->ddw == DDW_NONE ? VDMA_DDW_ABSENT :
		       p->ddw == DDW_SMALL ? VDMA_DDW_TOO_SMALL :
		       VDMA_DDW_COVERS,
		.ddw_window = { DDW_BASE, MEMORY_END - (p->ddw == DDW_SHORT) },
		.coherent = p->coherent,
		.iommu_off = p->off,
		.secure = p->sec,
		.secure_quirk = p->quirk,
		.pool = p->pool,
		.request = (enum vdma_mode)p->asked,
		.live = (enum vdma_mode)p->live,
	};

	if (p->windows == BOTH_SMALL)
		window.size -= 0x10000;
	f.property_window = window;
	if (p->windows == DISAGREES)
		window.base += 0x10000;
	f.answer_window = window;
	return f;
}

static const char *oracle_obstacle(const struct point *p, const char *mode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(obstacles); i++)
		if (!strcmp(obstacles[i].mode, mode) &&
		    holds(p, obstacles[i].when))
			return obstacles[i].reason;
	return "-";
}

static bool unobstructed(const struct point *p, const char *mode)
{
	return !strcmp(oracle_obstacle(p, mode), "-");
}

static const char *oracle_verdict(const struct point *p, const char *asked)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (!strcmp(requests[i].asked, asked) &&
		    holds(p, requests[i].when))
			return requests[i].verdict;
	return NULL;
}

struct expected {
	unsigned int row;
	const char *mode, *reason, *verdict;
};

static struct expected oracle_bound(const struct expected *now,
				    const char *mode)
{
	struct expected e = { .mode = mode, .verdict = now->verdict };
	size_t i;

	e.reason = "requested";
	if (!strcmp(now->reason, "requested") && !strcmp(now->mode, mode))
		return e;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].row > 6 && !strcmp(table[i].mode, mode))
			e.reason = table[i].reason;
	return e;
}

/* Expected decision for a device that is bound now */
static struct expected oracle(const struct point *p)
{
	const char *asked = vdma_mode_name((enum vdma_mode)p->asked);
	struct expected e = { .verdict = "-" };
	const char *verdict;
	size_t i = 0;

	while (!holds(p, table[i].when))
		i++;
	e.row = table[i].row;
	e.mode = table[i].mode;
	e.reason = table[i].reason;
	if (p->asked == VDMA_MODE_AUTO || !strcmp(asked, e.mode))
		return e;
	verdict = oracle_verdict(p, asked);
	if (verdict) {
		e.verdict = verdict;
	} else {
		e.mode = asked;
		e.reason = "requested";
	}
	return e;
}

static unsigned int rank(const char *mode)
{
	enum vdma_mode m = VDMA_MODE_AUTO;

	assert_true(vdma_mode_parse(mode, strlen(mode), &m));
	return m;
}

/* @now: expected if the device were bound now; @e: expected for its live mode */
static void check_passed_over(const struct point *p, const struct expected *now,
			      const struct expected *e,
			      const struct vdma_decision *d)
{
	bool followed = !strcmp(now->reason, "requested");
	unsigned int mode;

	for (mode = 0; mode < VDMA_MODE_COUNT; mode++) {
		const char *name = vdma_mode_name((enum vdma_mode)mode);
		const char *want = "-";

		if (p->f && mode < rank(e->mode) &&
		    (mode == VDMA_MODE_BYPASS || mode == VDMA_MODE_IDENTITY)) {
			want = oracle_obstacle(p, name);
			if (!strcmp(want, "-") || !strcmp(e->reason, "requested"))
				want = followed ? "requested" : "already-bound";
		}
		if (followed && strcmp(now->mode, e->mode) &&
		    !strcmp(now->mode, name))
			want = "already-bound";
		assert_string_equal(vdma_reason_name(d->passed_over[mode]),
				    want);
	}
}

static void check_point(const struct point *p)
{
	struct vdma_facts f = point_facts(p);
	struct expected now = oracle(p);
	struct expected e = now;
	struct vdma_decision d;

	if (p->live != VDMA_MODE_AUTO)
		e = oracle_bound(&now, vdma_mode_name((enum vdma_mode)p->live));
	memset(&d, 0xa5, sizeof(d));
	vdma_decide(&f, &d);
	assert_int_equal(d.row, e.row);
	assert_string_equal(vdma_mode_name(d.mode), e.mode);
	assert_string_equal(vdma_reason_name(d.reason), e.reason);
	assert_string_equal(vdma_reason_name(d.request), e.verdict);
	assert_int_equal(d.requested, p->asked);
	check_passed_over(p, &now, &e, &d);
}

#define BITS(bits, n)	((bits) >> (n) & 1)

/* All facts, against the table. */
static void whole_product(void **state)
{
	unsigned long points = 0;
	unsigned int bits;
	struct point p;

	(void)state;
	for (bits = 0; bits < 128; bits++) {
		p.sec = BITS(bits, 0);
		p.f = BITS(bits, 1);
		p.v1 = BITS(bits, 2);
		p.pool = BITS(bits, 3);
		p.quirk = BITS(bits, 4);
		p.coherent = BITS(bits, 5);
		p.off = BITS(bits, 6);
#define EACH(field, last) for (p.field = 0; p.field <= (last); p.field++)
		EACH(tag, TAGGED) EACH(answer, GRANTED)
		EACH(windows, BOTH_SMALL) EACH(ddw, DDW_FULL)
		EACH(mask, MASK_64) EACH(asked, VDMA_MODE_AUTO)
		EACH(live, VDMA_MODE_AUTO) {
			check_point(&p);
			points++;
		}
#undef EACH
	}
	print_message("%lu points\n", points);
}

/* Reasons have different names, and each mode's name parses back. */
static void names(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < VDMA_REASON_COUNT; i++) {
		const char *name = vdma_reason_name((enum vdma_reason)i);

		assert_true(strlen(name) >= 1);
		assert_true(strlen(vdma_reason_meaning((enum vdma_reason)i)));
		for (j = 0; j < i; j++)
			assert_string_not_equal(name,
				vdma_reason_name((enum vdma_reason)j));
	}
	for (i = 0; i <= VDMA_MODE_AUTO; i++)
		assert_int_equal(rank(vdma_mode_name((enum vdma_mode)i)), i);
	assert_string_equal(vdma_reason_name(VDMA_REASON_COUNT), "?");
	assert_string_equal(vdma_reason_meaning(VDMA_REASON_COUNT), "?");
	assert_string_equal(vdma_mode_name((enum vdma_mode)99), "?");
}

/* Only whole names of modes are accepted. */
static void parse_rejects(void **state)
{
	static const char * const bad[] = {
		"", "Direct", "tc", "tcee", "tce ", "bypas", "\xff"
	};
	enum vdma_mode mode = VDMA_MODE_TCE;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(vdma_mode_parse(bad[i], strlen(bad[i]), &mode));
	assert_false(vdma_mode_parse("tce\0x", 5, &mode));
	assert_true(vdma_mode_parse("bypass,tce", 6, &mode));
	assert_int_equal(mode, VDMA_MODE_BYPASS);
}

/* The text has all modes, best first, or is cut and terminated. */
static void passed_over_text(void **state)
{
	struct vdma_decision d = { .mode = VDMA_MODE_DIRECT };
	char buf[VDMA_PASSED_OVER_MAX];
	const char *all = "bypass:hcall-missing identity:ddw-absent "
			  "direct:request-unsafe";

	(void)state;
	assert_int_equal(vdma_passed_over_text(&d, buf, sizeof(buf)), 1);
	assert_string_equal(buf, "-");

	d.passed_over[VDMA_MODE_BYPASS] = VDMA_REASON_HCALL_MISSING;
	d.passed_over[VDMA_MODE_IDENTITY] = VDMA_REASON_DDW_ABSENT;
	d.requested = VDMA_MODE_DIRECT;
	d.request = VDMA_REASON_REQUEST_UNSAFE;
	assert_int_equal(vdma_passed_over_text(&d, buf, sizeof(buf)),
			 strlen(all));
	assert_string_equal(buf, all);

	/* The text is cut and terminated, and the whole length is returned. */
	assert_int_equal(vdma_passed_over_text(&d, buf, 7), strlen(all));
	assert_string_equal(buf, "bypass");
	assert_int_equal(vdma_passed_over_text(&d, buf, 1), strlen(all));
	assert_string_equal(buf, "");
}

/* The longest text of any decision fits into VDMA_PASSED_OVER_MAX. */
static void passed_over_fits(void **state)
{
	size_t longest = 0, length;
	struct vdma_decision d = { .requested = VDMA_MODE_IDENTITY };
	char buf[VDMA_PASSED_OVER_MAX];
	unsigned int a, b, c;

	(void)state;
	for (a = 0; a < VDMA_REASON_COUNT; a++)
		for (b = 0; b < VDMA_REASON_COUNT; b++)
			for (c = 0; c < VDMA_REASON_COUNT; c++) {
				d.passed_over[VDMA_MODE_BYPASS] = a;
				d.passed_over[VDMA_MODE_IDENTITY] = b;
				d.request = c;
				length = vdma_passed_over_text(&d, buf,
							       sizeof(buf));
				if (length > longest)
					longest = length;
			}
	assert_true(longest < VDMA_PASSED_OVER_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_product),
		cmocka_unit_test(names),
		cmocka_unit_test(parse_rejects),
		cmocka_unit_test(passed_over_text),
		cmocka_unit_test(passed_over_fits),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
