// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: the DMA guard counts a device's access to private memory once,
 * however many steps QEMU takes for it, and two accesses twice. The code under
 * test is pure and is included here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dma_guard_log.c"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Devices; each has a log of its own. */
enum { BLK, NET, DEVICES };

struct step {
	unsigned int device;
	uint64_t address;
	uint64_t size;
	bool write;
	bool counted;
};

static void run(const struct step *steps, size_t count)
{
	struct dma_guard_log logs[DEVICES] = { 0 };
	uint64_t expected[DEVICES] = { 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		const struct dma_guard_access access = {
			.address = steps[i].address,
			.size = steps[i].size,
			.write = steps[i].write,
		};
		struct dma_guard_log *log = &logs[steps[i].device];
		uint64_t *due = &expected[steps[i].device];

		*due += steps[i].counted;
		if (dma_guard_log_note(log, &access) != steps[i].counted ||
		    log->violations != *due)
			fail_msg("step %zu: %llu violations, expected %llu", i,
				 (unsigned long long)log->violations,
				 (unsigned long long)*due);
		/* The last violation is whole, not what was left of it. */
		if (steps[i].counted) {
			assert_int_equal(log->last.address, steps[i].address);
			assert_int_equal(log->last.size, steps[i].size);
		}
	}
}

/* A denied access goes on in steps of 8 bytes, a mapping in steps of a page. */
static void one_access(void **unused)
{
	static const struct step steps[] = {
		{ BLK, 0x10000, 24, false, true },
		{ BLK, 0x10008, 16, false, false },
		{ BLK, 0x10010, 8, false, false },
		{ BLK, 0x20000, 0x20000, true, true },
		{ BLK, 0x30000, 0x10000, true, false },
	};

	(void)unused;
	run(steps, ARRAY_SIZE(steps));
}

/* Only the rest of the last access, once, counts as the same one. */
static void two_accesses(void **unused)
{
	static const struct step steps[] = {
		{ BLK, 0x10000, 16, false, true },
		{ BLK, 0x10000, 16, false, true },	/* once more */
		{ BLK, 0x10008, 8, false, false },
		{ BLK, 0x10008, 8, false, true },	/* the same rest */
		{ BLK, 0x1000c, 4, true, true },	/* direction */
		{ BLK, 0x1000d, 4, true, true },	/* end */
		{ BLK, 0x1000c, 5, true, true },	/* a step back */
	};

	(void)unused;
	run(steps, ARRAY_SIZE(steps));
}

/* Threads of two devices take turns: one access of each. */
static void two_devices(void **unused)
{
	static const struct step steps[] = {
		{ BLK, 0x10000, 24, false, true },
		{ NET, 0x10000, 24, false, true },
		{ BLK, 0x10008, 16, false, false },
		{ NET, 0x10008, 16, false, false },
		{ BLK, 0x10010, 8, false, false },
		{ NET, 0x10010, 8, false, false },
	};

	(void)unused;
	run(steps, ARRAY_SIZE(steps));
}

/* The text of an access, whole or cut, is terminated. */
static void in_words(void **unused)
{
	struct dma_guard_access access = {
		.address = 0x7fff0000,
		.size = 4096,
		.write = true,
	};
	char text[80];

	(void)unused;
	dma_guard_log_text(&access, "blk", text, sizeof(text));
	assert_string_equal(text,
			    "device=blk address=0x7fff0000 size=4096 direction=write");
	access.write = false;
	dma_guard_log_text(&access, "blk", text, 12);
	assert_string_equal(text, "device=blk ");	/* cut, but ended */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_access),
		cmocka_unit_test(two_accesses),
		cmocka_unit_test(two_devices),
		cmocka_unit_test(in_words),
	};

	return cmocka_run_group_tests_name("dma_guard_log", tests, NULL, NULL);
}
