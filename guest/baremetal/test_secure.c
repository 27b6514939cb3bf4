// SPDX-License-Identifier: GPL-2.0-or-later
/* Secure VMs: becoming one, sharing pages, and devices that access private pages */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/head.h"
#include "lib/ktap.h"
#include "lib/of.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/smp.h"
#include "lib/ultravisor.h"

#define PATTERN		0xa5
#define MANY		4
#define UNTOUCHED	(3 * GIB)

static void look_at_msr(void *result)
{
	*(uint32_t *)result = secure_vm();
}

/* Each CPU of a secure VM is secure, including those that start later. */
static void secure_cpus(void)
{
	unsigned int count = (unsigned int)arg_number("cpus", 1), i;
	uint32_t secure[32] = { 0 };
	bool wanted = arg_number("secure", 0), all = true;

	cpu_run(count, look_at_msr, secure, sizeof(secure[0]));
	for (i = 0; i < count; i++)
		all &= secure[i] == wanted;
	report(all, "each of %u CPUs is %s", count,
	       wanted ? "secure" : "not secure");
}

GUEST_TEST(secure_cpus, secure_cpus);

/* Memory is zero when shared and when private again, for one ultracall each. */
static void sharing(void)
{
	uint64_t before = pages_free(), calls = ucalls();
	struct vdma_shared_mem shares[MANY];
	unsigned int i;
	int error = VDMA_OK;
	void *where;

	for (i = 0; !error && i < MANY; i++)
		error = vdma_shared_alloc(&guest_secure, i << VDMA_UV_PAGE_SHIFT |
					1, &shares[i]);
	report(!error, "share 1, 2, 3 and 4 pages: %s", vdma_strerror(error));
	report(secure_counts().shared == 10, "%lu pages are shared",
	       secure_counts().shared);
	report(memory_is(shares[3].mem.cpu, shares[3].mem.len, 0),
	       "shared memory is zero");
	where = shares[3].mem.cpu;
	memset(where, PATTERN, shares[3].mem.len);
	for (i = 0; i < MANY; i++)
		error |= vdma_shared_free(&guest_secure, &shares[i]);
	report(!error && !secure_counts().shared, "all pages are private again: %s",
	       vdma_strerror(error));
	/* The allocator keeps a few words of its own at the beginning. */
	report(memory_is((char *)where + KIB, VDMA_UV_PAGE_SIZE - KIB, 0),
	       "memory that is private again is zero");
	report(ucalls() - calls == 2 * MANY, "one ultracall for each");
	report(pages_free() == before, "all memory is free again");
}

GUEST_TEST(sharing, sharing);

/* Sharing unused memory makes QEMU allocate none of it, which the runner checks. */
static void share_untouched(void)
{
	const char *memory = (const char *)(memory_end() - UNTOUCHED);
	uint64_t pages = UNTOUCHED / VDMA_UV_PAGE_SIZE;
	int64_t status = ucall_pages(VDMA_UV_SHARE_PAGE, memory, pages);

	report(status == VDMA_U_SUCCESS, "share %lu pages: status %ld", pages,
	       status);
	status = ucall_pages(VDMA_UV_UNSHARE_PAGE, memory, pages);
	report(status == VDMA_U_SUCCESS, "unshare them: status %ld", status);
}

GUEST_TEST(share_untouched, share_untouched);

/* On a machine with an ultravisor, a normal VM cannot share memory. */
static void not_secure(void)
{
	struct vdma_secure_counts counts;
	struct vdma_secure normal;
	struct vdma_shared_mem share;
	int error;

	report(!secure_vm(), "the VM is not secure");
	vdma_secure_init(&normal, &guest_ultravisor, guest_secure.pages, NULL);
	error = vdma_shared_alloc(&normal, 1, &share);
	report(error == VDMA_E_NOT_SECURE, "share: %s", vdma_strerror(error));
	vdma_secure_count(&normal, &counts);
	report(!counts.shared && !counts.stuck, "no page is lost");
}

GUEST_TEST(not_secure, not_secure);

/*
 * Negative control: the guest maps a private page for a device, which neither reads nor
 * writes it. The runner fails if the guard has not counted both requests.
 */
static void guard_control(void)
{
	struct vdma_blk_config config = disk_config();
	char *page = pages_get_aligned(VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);
	char *buffer = pages_get(VDMA_BLK_SECTOR);
	uint64_t half, dma;
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	half = disk.bytes / 2;
	dma = map_private(&disk.device, page, VDMA_UV_PAGE_SIZE);
	memset(page, PATTERN, VDMA_UV_PAGE_SIZE);
	private_do(&disk, VDMA_BLK_READ, 0, dma);
	report(memory_is(page, VDMA_UV_PAGE_SIZE, PATTERN),
	       "the device does not write to a private page");
	private_do(&disk, VDMA_BLK_WRITE, half, dma);
	error = disk_do(&disk, 0, VDMA_BLK_READ, half, buffer,
			VDMA_BLK_SECTOR);
	report(!error && !memchr(buffer, PATTERN, VDMA_BLK_SECTOR),
	       "nor does it read from one: %s", vdma_strerror(error));
	disk_fill(&disk, half, buffer, VDMA_BLK_SECTOR);
	error = disk_do(&disk, 0, VDMA_BLK_WRITE, half, buffer,
			VDMA_BLK_SECTOR);
	report(!error, "the device still works through the pool: %s",
	       vdma_strerror(error));
	metric("written0", "%u", VDMA_BLK_SECTOR);
	metric("violations", "%u", 2 * VIOLATIONS);
	unmap_private(&disk.device, dma, VDMA_UV_PAGE_SIZE);
	disk_close(&disk);
	pages_put(page, VDMA_UV_PAGE_SIZE);
	pages_put(buffer, VDMA_BLK_SECTOR);
}

GUEST_TEST(guard_control, guard_control);

/* UV_ESM is refused, and changes nothing, if a device would get past the guard. */
static void esm_refused(void)
{
	struct vdma_hcall call = {
		.opcode = VDMA_UV_ESM,
		.in = { IMAGE_BASE, (uintptr_t)of_tree() },
	};
	int64_t status = VDMA_U_PERMISSION;
	unsigned int i;

	for (i = 0; status == VDMA_U_PERMISSION && i < MANY; i++)
		status = ucall(&call);
	report(status == VDMA_U_PERMISSION, "UV_ESM, %u times: status %ld",
	       MANY, status);
	report(!secure_vm(), "the VM is not secure");
}

GUEST_TEST(esm_refused, esm_refused);
