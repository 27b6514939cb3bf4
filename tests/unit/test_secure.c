// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: shared memory is zeroed and made private again exactly once, whatever fails;
 * memory that cannot be made private is never freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bounce_model.h"

#define PAGES	8
#define STEPS	200000

/* MSR[S] alone says that a VM is secure. */
static void detection(void **state)
{
	(void)state;
	assert_true(vdma_msr_secure(1ull << 22));
	assert_true(vdma_msr_secure(~0ull));
	assert_false(vdma_msr_secure(~(1ull << 22)));
}

/* Memory is shared in whole pages, and freed once. */
static void get_and_put(void **state)
{
	struct vm *vm = vm_new(true, true);
	struct vdma_shared_mem share;

	(void)state;
	assert_int_equal(vdma_shared_alloc(&vm->secure, 0, &share),
			 VDMA_E_INVALID);
	/* rounded up to pages of the ultravisor */
	assert_int_equal(vdma_shared_alloc(&vm->secure, 65537, &share), VDMA_OK);
	assert_int_equal(share.mem.len, 2 << 16);
	assert_int_equal(vm_shared(vm), 2);
	assert_int_equal(vm_counts(vm).shared, 2);
	memset(share.mem.cpu, 0xa5, share.mem.len);
	assert_int_equal(vdma_shared_free(&vm->secure, &share), VDMA_OK);
	assert_int_equal(vm_shared(vm), 0);
	/* a second free does nothing */
	assert_int_equal(vdma_shared_free(&vm->secure, &share), VDMA_OK);
	vdma_shared_leak(&vm->secure, &share);
	assert_int_equal(vm_counts(vm).shares, 1);
	assert_int_equal(vm_counts(vm).unshares, 1);
	assert_int_equal(vm_counts(vm).ultracalls, 2);
	vm_free(vm, 0);
}

/* Without memory, or with unaligned memory, no ultracall is made. */
static void no_memory(void **state)
{
	struct vm *vm = vm_new(true, true);
	struct vdma_shared_mem share;

	(void)state;
	vm->no_memory = true;
	assert_int_equal(vdma_shared_alloc(&vm->secure, 1, &share),
			 VDMA_E_NO_MEMORY);
	assert_int_equal(share.mem.len, 0);
	vm->no_memory = false;
	vm->bad_memory = true;
	assert_int_equal(vdma_shared_alloc(&vm->secure, 1, &share),
			 VDMA_E_INVALID);
	assert_int_equal(vm_counts(vm).ultracalls, 0);
	vm_free(vm, 0);
}

/* In a normal VM the same code works, without ultracalls. */
static void not_secure(void **state)
{
	struct vm *vm = vm_new(false, true);
	struct vdma_shared_mem share;

	(void)state;
	assert_int_equal(vdma_shared_alloc(&vm->secure, 1, &share), VDMA_OK);
	assert_int_equal(vdma_shared_free(&vm->secure, &share), VDMA_OK);
	assert_int_equal(vm_counts(vm).ultracalls, 0);
	vm_free(vm, 0);
}

/* Each status of the ultravisor has its error. */
static void statuses(void **state)
{
	static const struct {
		int64_t status;
		int error;
		unsigned int stuck;
	} table[] = {
		{ -2, VDMA_E_UNSUPPORTED, 0 },
		{ -75, VDMA_E_NOT_SECURE, 0 },
		/* which pages are shared is unknown, and unsharing them fails */
		{ -55, VDMA_E_SHARE_STUCK, 1 },
		{ 1, VDMA_E_SHARE_STUCK, 1 },
	};
	struct vdma_shared_mem share;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct vm *vm = vm_new(true, true);

		vm->status = table[i].status;
		assert_int_equal(vdma_shared_alloc(&vm->secure, 1, &share),
				 table[i].error);
		assert_int_equal(share.mem.len, 0);
		vm_free(vm, table[i].stuck);
	}
}

/* If sharing fails at any page, no page stays shared. */
static void share_fails_at_each_page(void **state)
{
	struct vdma_shared_mem share;
	unsigned int n;

	(void)state;
	for (n = 1; n <= PAGES; n++) {
		struct vm *vm = vm_new(true, true);

		vm->fail_share = n;
		assert_int_equal(vdma_shared_alloc(&vm->secure, PAGES << 16,
						 &share), VDMA_E_SHARE);
		assert_int_equal(vm_shared(vm), 0);
		vm_free(vm, 0);
	}
}

/* If undoing that fails as well, all pages are stuck. */
static void taking_back_fails_at_each_page(void **state)
{
	struct vdma_shared_mem share;
	unsigned int n;

	(void)state;
	for (n = 1; n <= PAGES; n++) {
		struct vm *vm = vm_new(true, true);

		vm->fail_share = PAGES;
		vm->fail_unshare = n;
		assert_int_equal(vdma_shared_alloc(&vm->secure, PAGES << 16,
						 &share), VDMA_E_SHARE_STUCK);
		vm_free(vm, PAGES);
	}
}

/* If unsharing fails at any page, all pages are stuck, and other memory is not. */
static void unshare_fails_at_each_page(void **state)
{
	struct vdma_shared_mem share, other;
	unsigned int n;

	(void)state;
	for (n = 1; n <= PAGES; n++) {
		struct vm *vm = vm_new(true, true);

		assert_int_equal(vdma_shared_alloc(&vm->secure, PAGES << 16,
						 &share), VDMA_OK);
		assert_int_equal(vdma_shared_alloc(&vm->secure, 1, &other),
				 VDMA_OK);
		vm->fail_unshare = n;
		assert_int_equal(vdma_shared_free(&vm->secure, &share),
				 VDMA_E_SHARE_STUCK);
		/* a second free does not affect other memory */
		assert_int_equal(vdma_shared_free(&vm->secure, &share),
				 VDMA_OK);
		vm->fail_unshare = 0;
		assert_int_equal(vdma_shared_free(&vm->secure, &other),
				 VDMA_OK);
		vm_free(vm, PAGES);
	}
}

/* Leaked memory is zeroed and stays shared. */
static void keep(void **state)
{
	struct vm *vm = vm_new(true, true);
	struct vdma_shared_mem share;

	(void)state;
	vdma_shared_alloc(&vm->secure, 1, &share);
	memset(share.mem.cpu, 0xa5, share.mem.len);
	vdma_shared_leak(&vm->secure, &share);
	assert_true(vm_zero(vm, VM_FREE >> 16));
	assert_int_equal(vm_shared(vm), 1);
	vm_free(vm, 1);
}

/* The end makes the remaining pages private, and says how many. */
static void end(void **state)
{
	struct vm *vm = vm_new(true, true);
	struct vdma_shared_mem shares[3];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		vdma_shared_alloc(&vm->secure, 1, &shares[i]);
	vdma_shared_free(&vm->secure, &shares[1]);
	assert_int_equal(vdma_secure_end(&vm->secure), 2);
	assert_int_equal(vm_shared(vm), 0);
	vm_free(vm, 0);
}

/* Over any order of calls, each page's state is as the list says. */
static void random_shares(void **state)
{
	struct vm *vm = vm_new(true, true);
	struct vdma_shared_mem shares[40] = { 0 };
	uint64_t out = 0, stuck = 0;
	unsigned int step;

	(void)state;
	print_message("seed %#llx\n", (unsigned long long)vm->random);
	for (step = 0; step < STEPS; step++) {
		struct vdma_shared_mem *share = &shares[vm_pick(vm, 40)];
		uint64_t len = share->mem.len >> 16;
		int error;

		/* some calls fail; the pages that get stuck are lost */
		vm->fail_share = vm_pick(vm, 50) ? 0 : 1 + vm_pick(vm, 3);
		vm->fail_unshare = vm_pick(vm, 9000) ? 0 : 1;
		if (len) {
			error = vdma_shared_free(&vm->secure, share);
			out -= len;
			stuck += error ? len : 0;
		} else {
			len = 1 + vm_pick(vm, 5);
			error = vdma_shared_alloc(&vm->secure, len << 16, share);
			out += error ? 0 : len;
			stuck += error == VDMA_E_SHARE_STUCK ? len : 0;
		}
		vm->fail_share = 0;
		vm->fail_unshare = 0;
		assert_int_equal(vm_counts(vm).shared, out);
		assert_int_equal(vm_counts(vm).stuck, stuck);
		assert_int_equal(vm->pages_out, out + stuck);
	}
	for (step = 0; step < ARRAY_SIZE(shares); step++)
		assert_int_equal(vdma_shared_free(&vm->secure, &shares[step]),
				 VDMA_OK);
	vm_free(vm, (unsigned int)stuck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detection),
		cmocka_unit_test(get_and_put),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(not_secure),
		cmocka_unit_test(statuses),
		cmocka_unit_test(share_fails_at_each_page),
		cmocka_unit_test(taking_back_fails_at_each_page),
		cmocka_unit_test(unshare_fails_at_each_page),
		cmocka_unit_test(keep),
		cmocka_unit_test(end),
		cmocka_unit_test(random_shares),
	};

	return cmocka_run_group_tests_name("secure", tests, NULL, NULL);
}
