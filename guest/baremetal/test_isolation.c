// SPDX-License-Identifier: GPL-2.0-or-later
/* The bypass window of a function leads to memory, and to nothing else. */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/console.h"
#include "lib/disk.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/private.h"
#include "lib/registers.h"

#define SECTOR		VDMA_BLK_SECTOR
#define LEN		(4 * KIB)
/* QEMU: where the PHB's MSI window is. */
#define MSI		0x40000000000ull

/* Virtio 1.2, 4.1.4.3: the common configuration, at the start of QEMU's BAR 4 */
#define COMMON_BAR	4
#define COMMON_WORDS	14

static void isolation_words(const struct pci_function *other, uint32_t *words)
{
	struct vdma_registers bars = registers_bars(other);
	unsigned int i;

	for (i = 0; i < COMMON_WORDS; i++)
		words[i] = bars.read(bars.ctx, COMMON_BAR, 4 * i, 4);
}

/* The disk writes to a place and reads from it; @other: the function that it belongs to. */
static void isolation_try(struct disk *disk, uint64_t place, const char *what,
			  const struct pci_function *other)
{
	uint64_t dma = (1ul << VDMA_BYPASS_WINDOW_SHIFT) + place;
	struct vdma_audit *audit = &disk->device.audit;
	uint32_t before[COMMON_WORDS];
	char *buffer = pages_get(SECTOR);
	uint64_t half = disk->bytes / 2;
	int error;

	if (other)
		isolation_words(other, before);
	vdma_audit_map(audit, dma, LEN, VDMA_BIDIRECTIONAL, what);
	private_do(disk, VDMA_BLK_READ, 0, dma);
	if (other) {
		uint32_t after[COMMON_WORDS];

		isolation_words(other, after);
		report(!memcmp(before, after, sizeof(before)), "%s: not written",
		       what);
	}
	error = private_do(disk, VDMA_BLK_WRITE, half, dma);
	vdma_audit_unmap(audit, dma, LEN, VDMA_BIDIRECTIONAL, what);
	if (!error)
		error = disk_do(disk, 0, VDMA_BLK_READ, half, buffer, SECTOR);
	report(error || memory_is(buffer, SECTOR, 0), "%s: not read", what);
	pages_put(buffer, SECTOR);
}

/* A disk's bypass window reaches memory, and nothing beyond it. */
static void isolation(void)
{
	struct vdma_blk_config config = disk_config();
	const struct pci_function *rng = device_find(TYPE_RNG, 0);
	char *buffer = pages_get(SECTOR);
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	isolation_try(&disk, memory_end(), "beyond memory", NULL);
	isolation_try(&disk, arg_number("dimm", 0), "memory to be plugged", NULL);
	isolation_try(&disk, MSI, "the MSI page", NULL);
	if (!rng)
		bail_out("no other function");
	isolation_try(&disk, rng->bar[COMMON_BAR].address,
		      "another function's BAR", rng);
	disk_fill(&disk, disk.bytes / 2, buffer, SECTOR);
	error = disk_do(&disk, 0, VDMA_BLK_WRITE, disk.bytes / 2, buffer,
			SECTOR);
	report(!error, "the disk works: %s", vdma_strerror(error));
	metric("written0", "%u", SECTOR);
	disk_close(&disk);
	pages_put(buffer, SECTOR);
}

GUEST_TEST(isolation, isolation);
