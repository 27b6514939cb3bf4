// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: the guest's side of H_DMA_BYPASS passes arguments as documented in docs/abi/,
 * has an error for every status, and trusts no answer that contradicts itself. A fake
 * hypervisor checks each call against a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/hcall.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BUID		0x800000020000001ull
#define CONFIG_ADDR	0x010800
#define BASE		0x1000000000000000ull
#define SIZE		0x200000000ull

struct answer {
	uint64_t operation;
	int64_t status;
	uint64_t state, base, size;
};

struct script {
	const struct answer *next;
	size_t left;
};

static int64_t fake_call(void *ctx, struct vdma_hcall *hcall)
{
	struct script *script = ctx;
	const struct answer *answer;

	if (!script->left)
		fail_msg("an unexpected hypercall, operation %u",
			 (unsigned int)hcall->in[0]);
	answer = script->next++;
	script->left--;
	assert_int_equal(hcall->opcode, 0xf010);
	assert_int_equal(hcall->in[0], answer->operation);
	assert_true(hcall->in[1] == BUID);
	assert_int_equal(hcall->in[2], CONFIG_ADDR);
	assert_int_equal(hcall->in[3], 0);
	hcall->out[0] = answer->state;
	hcall->out[1] = answer->base;
	hcall->out[2] = answer->size;
	hcall->out[3] = 0xdeadbeef;
	return answer->status;
}

static const struct vdma_function fn = { BUID, CONFIG_ADDR };
static const struct vdma_window window = { BASE, SIZE };

static struct vdma_hv_ops script_hv(struct script *script)
{
	return (struct vdma_hv_ops){ .hcall = fake_call, .ctx = script };
}

static int run(uint64_t operation, const struct answer *answers, size_t n,
	       struct vdma_bypass *reply)
{
	struct script script = { answers, n };
	struct vdma_hv_ops hv = script_hv(&script);
	int error;

	memset(reply, 0xa5, sizeof(*reply));
	switch (operation) {
	case VDMA_BYPASS_ENABLE:
		error = vdma_bypass_enable(&hv, &fn, &window, reply);
		break;
	case VDMA_BYPASS_DISABLE:
		error = vdma_bypass_disable(&hv, &fn, reply);
		break;
	default:
		error = vdma_bypass_query(&hv, &fn, reply);
	}
	assert_int_equal(script.left, 0);
	return error;
}

/* PAPR's numbers, independent of abi.h */
static const struct {
	int64_t status;
	int error;
} statuses[] = {
	{ 0, VDMA_OK },
	{ 1, VDMA_E_BUSY },
	{ 3, VDMA_E_REFUSED },
	{ -2, VDMA_E_UNSUPPORTED },
	{ -4, VDMA_E_ARGUMENT },
	{ -10, VDMA_E_SECURE },
	{ -55, VDMA_E_NO_PHB },
	{ -56, VDMA_E_NO_DEVICE },
	{ -1, VDMA_E_STATUS },
	{ 2, VDMA_E_STATUS },
	{ INT64_MIN, VDMA_E_STATUS },
};

/* Each status has its error, and a failed call has no results. */
static void every_status(void **state)
{
	struct vdma_bypass reply;
	uint64_t op;
	size_t i;

	(void)state;
	for (op = 0; op <= 2; op++) {
		for (i = 0; i < ARRAY_SIZE(statuses); i++) {
			struct answer a = {
				op, statuses[i].status,
				op == 1 ? 3 : 1, BASE, SIZE,
			};

			assert_int_equal(run(op, &a, 1, &reply),
					 statuses[i].error);
			assert_true(reply.status == statuses[i].status);
			/* A failed call has no results. */
			if (statuses[i].error) {
				assert_false(reply.supported || reply.enabled);
				assert_true(!reply.window.base &&
					    !reply.window.size);
			}
		}
	}
}

/* A query returns both bits of the state, and the window. */
static void query_reads_state(void **state)
{
	struct vdma_bypass reply;
	uint64_t bits;

	(void)state;
	for (bits = 0; bits < 8; bits++) {
		struct answer a = { 0, 0, bits, BASE, SIZE };

		assert_int_equal(run(0, &a, 1, &reply), VDMA_OK);
		assert_int_equal(reply.supported, bits & 1);
		assert_int_equal(reply.enabled, bits >> 1 & 1);
		assert_true(vdma_window_equal(&reply.window, &window));
	}
}

/* Enable succeeds only if the state says so and the window is the expected one. */
static void enable_confirms(void **state)
{
	static const struct answer wrong[][2] = {
		{ { 1, 0, 1, BASE, SIZE }, { 2, 0, 1, BASE, SIZE } },
		{ { 1, 0, 2, BASE, SIZE }, { 2, 0, 0, BASE, SIZE } },
		{ { 1, 0, 3, BASE + 0x10000, SIZE }, { 2, 0, 1, BASE, SIZE } },
		{ { 1, 0, 3, BASE, SIZE - 1 }, { 2, 0, 1, BASE, SIZE } },
		{ { 1, 0, 3, 0, 0 }, { 2, 1, 0, 0, 0 } },
	};
	static const struct answer right = { 1, 0, 3, BASE, SIZE };
	struct vdma_bypass reply;
	size_t i;

	(void)state;
	assert_int_equal(run(1, &right, 1, &reply), VDMA_OK);
	assert_true(reply.enabled);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(run(1, wrong[i], 2, &reply),
				 VDMA_E_DISAGREES);
}

/* Disable fails if the window is still open. */
static void disable_confirms(void **state)
{
	static const struct answer still_open = { 2, 0, 3, BASE, SIZE };
	struct vdma_bypass reply;

	(void)state;
	assert_int_equal(run(2, &still_open, 1, &reply), VDMA_E_DISAGREES);
}

/* Each error has a text; other numbers are unknown errors. */
static void errors_have_words(void **state)
{
	int error;

	(void)state;
	assert_string_equal(vdma_strerror(VDMA_OK), "success");
	assert_string_equal(vdma_strerror(VDMA_E_BUSY),
			    "the device is in use");
	for (error = 1; error < 64; error++)
		assert_string_equal(vdma_strerror(error), "unknown error");
	assert_string_equal(vdma_strerror(-1000), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status),
		cmocka_unit_test(query_reads_state),
		cmocka_unit_test(enable_confirms),
		cmocka_unit_test(disable_confirms),
		cmocka_unit_test(errors_have_words),
	};

	return cmocka_run_group_tests_name("bypass", tests, NULL, NULL);
}
