// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: QEMU answers H_DMA_BYPASS as the table of docs/abi/h-dma-bypass.md says, over
 * the whole product of the facts. The code under test is pure and included here, so the
 * test needs no QEMU.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vdma/abi.h"
#include "vdma_bypass.c"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A combination is a number: two indexes and a bit for each boolean fact. */
enum fact {
	PHB_FOUND	= 1 << 0,
	DEVICE_FOUND	= 1 << 1,
	SECURE		= 1 << 2,
	VIRTIO		= 1 << 3,
	ACCESS_PLATFORM	= 1 << 4,
	PHB_ALLOWS	= 1 << 5,
	DEVICE_ALLOWS	= 1 << 6,
	DRIVER_OK	= 1 << 7,
	ENABLED		= 1 << 8,
	ALL_FACTS	= (1 << 9) - 1,
};

/* Sets of operations, so that a row can name several. */
enum operations {
	QUERY	= 1 << 0,
	ENABLE	= 1 << 1,
	DISABLE	= 1 << 2,
	UNKNOWN	= 1 << 3,
	KNOWN	= QUERY | ENABLE | DISABLE,
	ANY	= KNOWN | UNKNOWN,
};

static const struct {
	uint64_t value;
	enum operations set;
} operation[] = {
	{ VDMA_BYPASS_QUERY,	QUERY },
	{ VDMA_BYPASS_ENABLE,	ENABLE },
	{ VDMA_BYPASS_DISABLE,	DISABLE },
	{ 3,			UNKNOWN },
	{ 1ULL << 32,		UNKNOWN },	/* low half looks like query */
	{ UINT64_MAX,		UNKNOWN },
};

static const struct {
	uint64_t value;
	bool reserved;
} config_addr[] = {
	{ 0,				false },
	{ 0x00012300,			false },
	{ VDMA_CONFIG_ADDR_MASK,	false },
	{ 0x00000801,			true },
	{ 0x00000880,			true },	/* a register number */
	{ 0x01000800,			true },
	{ 0x80000800,			true },
	{ 0x0000000100000800ULL,	true },
	{ 0x8000000000000800ULL,	true },
};

enum outcome { UNCHANGED, ON, OFF };

/*
 * The first row that matches applies: the operation is one of @operations, @facts are
 * true and @not_facts are false.
 */
static const struct row {
	enum operations operations;
	unsigned int facts;
	unsigned int not_facts;
	int64_t status;
	bool reports;		/* state and window are returned */
	enum outcome outcome;
} table[] = {
	{ UNKNOWN, 0, 0,		VDMA_H_PARAMETER, false, UNCHANGED },
	/* Reserved bits: see expected(). */
	{ ANY, 0, PHB_FOUND,		VDMA_H_P2, false, UNCHANGED },
	{ ANY, 0, DEVICE_FOUND,		VDMA_H_P3, false, UNCHANGED },
	{ ANY, SECURE, 0,		VDMA_H_AUTHORITY, false, UNCHANGED },
	{ ANY, 0, VIRTIO,		VDMA_H_NOT_AVAILABLE, false, UNCHANGED },
	{ ANY, 0, ACCESS_PLATFORM,	VDMA_H_NOT_AVAILABLE, false, UNCHANGED },
	{ ANY, 0, PHB_ALLOWS,		VDMA_H_NOT_AVAILABLE, false, UNCHANGED },
	{ ANY, 0, DEVICE_ALLOWS,	VDMA_H_NOT_AVAILABLE, false, UNCHANGED },
	{ QUERY, 0, 0,			VDMA_H_SUCCESS, true, UNCHANGED },
	{ ENABLE, 0, 0,			VDMA_H_SUCCESS, true, ON },
	{ DISABLE, 0, ENABLED,		VDMA_H_SUCCESS, true, OFF },
	{ DISABLE, DRIVER_OK, 0,	VDMA_H_BUSY, true, UNCHANGED },
	{ DISABLE, 0, 0,		VDMA_H_SUCCESS, true, OFF },
};

static const struct row reserved_bits = {
	ANY, 0, 0, VDMA_H_PARAMETER, false, UNCHANGED
};

static const struct row *expected(enum operations set, bool reserved,
				  unsigned int facts)
{
	size_t i;

	if (reserved)
		return &reserved_bits;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		if ((table[i].operations & set) &&
		    (table[i].facts & facts) == table[i].facts &&
		    !(table[i].not_facts & facts))
			return &table[i];
	fail_msg("no row for operation %#x, facts %#x", set, facts);
	return NULL;
}

static struct vdma_bypass_facts make_facts(uint64_t op, uint64_t addr,
					   unsigned int facts)
{
	return (struct vdma_bypass_facts) {
		.operation = op,
		.config_addr = addr,
		.phb_found = facts & PHB_FOUND,
		.device_found = facts & DEVICE_FOUND,
		.secure = facts & SECURE,
		.virtio = facts & VIRTIO,
		.access_platform = facts & ACCESS_PLATFORM,
		.phb_allows = facts & PHB_ALLOWS,
		.device_allows = facts & DEVICE_ALLOWS,
		.driver_ok = facts & DRIVER_OK,
		.enabled = facts & ENABLED,
	};
}

static void check(uint64_t op, uint64_t addr, unsigned int bits,
		  const struct row *row)
{
	struct vdma_bypass_facts facts = make_facts(op, addr, bits);
	struct vdma_bypass_answer answer = vdma_bypass_decide(&facts);
	bool enabled = row->outcome == UNCHANGED ? facts.enabled :
						   row->outcome == ON;
	uint64_t state = VDMA_BYPASS_SUPPORTED |
			 (enabled ? VDMA_BYPASS_ENABLED : 0);

	if (!row->reports)
		state = 0;
	if (answer.status != row->status || answer.enabled != enabled ||
	    answer.state != state)
		fail_msg("op %#llx addr %#llx facts %#x: status %lld state %#llx enabled %d, expected %lld %#llx %d",
			 (unsigned long long)op, (unsigned long long)addr, bits,
			 (long long)answer.status,
			 (unsigned long long)answer.state, answer.enabled,
			 (long long)row->status, (unsigned long long)state,
			 enabled);
}

/* Each row of the oracle is the first match for some facts. */
static void every_combination(void **unused)
{
	size_t used[ARRAY_SIZE(table)] = { 0 };
	const struct row *row;
	unsigned int bits;
	size_t o, a, i;

	(void)unused;
	for (o = 0; o < ARRAY_SIZE(operation); o++)
		for (a = 0; a < ARRAY_SIZE(config_addr); a++)
			for (bits = 0; bits <= ALL_FACTS; bits++) {
				row = expected(operation[o].set,
					       config_addr[a].reserved, bits);
				check(operation[o].value, config_addr[a].value,
				      bits, row);
				if (row != &reserved_bits)
					used[row - table]++;
			}
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_true(used[i] > 0);
}

/* A second enable or disable is answered like the first. */
static void idempotent(void **unused)
{
	static const uint64_t op[] = { VDMA_BYPASS_ENABLE, VDMA_BYPASS_DISABLE };
	struct vdma_bypass_answer first, second;
	struct vdma_bypass_facts facts;
	unsigned int bits;
	size_t o;

	(void)unused;
	for (o = 0; o < ARRAY_SIZE(op); o++)
		for (bits = 0; bits <= ALL_FACTS; bits++) {
			facts = make_facts(op[o], 0x800, bits);
			first = vdma_bypass_decide(&facts);
			facts.enabled = first.enabled;
			second = vdma_bypass_decide(&facts);
			assert_int_equal(first.status, second.status);
			assert_int_equal(first.state, second.state);
			assert_int_equal(first.enabled, second.enabled);
		}
}

/* The tag on a hot-plugged device's node and the query agree. */
static void tag_agrees_with_query(void **unused)
{
	struct vdma_bypass_answer answer;
	struct vdma_bypass_facts facts;
	unsigned int bits;

	(void)unused;
	for (bits = 0; bits <= ALL_FACTS; bits++) {
		if (!(bits & PHB_FOUND) || !(bits & DEVICE_FOUND) ||
		    (bits & SECURE))
			continue;
		facts = make_facts(VDMA_BYPASS_QUERY, 0x800, bits);
		answer = vdma_bypass_decide(&facts);
		assert_int_equal(vdma_bypass_may(&facts),
				 answer.status == VDMA_H_SUCCESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(idempotent),
		cmocka_unit_test(tag_agrees_with_query),
	};

	return cmocka_run_group_tests_name("bypass_hypervisor", tests, NULL, NULL);
}
