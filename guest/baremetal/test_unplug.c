// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is unplugged under a device. The host plugs and unplugs it, and tells by a
 * word in memory how far it is (tests/hypervisor/test_held.py, tests/live/test_unplug.py).
 */
#include <vdma/abi.h>
#include <vdma/ddw.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/console.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/ultravisor.h"
#include "lib/windows.h"

#define PAGE		VDMA_UV_PAGE_SIZE

/* QEMU's call for ibm,client-architecture-support, and room for the device tree. */
#define KVMPPC_H_CAS	0xf002
#define CAS_TREE	(512 * KIB)

static uint64_t *unplug_word(void)
{
	uint64_t *word = pages_get(sizeof(*word));

	diag("the host's word is at %lu", (uintptr_t)word);
	return word;
}

static void unplug_wait(const uint64_t *word, uint64_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		;
}

/*
 * The vectors that a guest passes (LoPAPR B.6.2.4): any CPU, then five options; the last
 * asks for a radix MMU.
 */
static int64_t unplug_cas(void)
{
	static const uint8_t vectors[] = {
		0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
		5 - 1,
		3 - 1, 0, 0, 0x80,	/* 1: ISA 3.00 */
		0, 0,			/* 2 to 4: a byte each */
		0, 0,
		0, 0,
		24 - 1, [51] = 0x40,	/* 5: radix, in byte 24 */
	};
	char *tree = pages_get(CAS_TREE);
	struct vdma_hcall call = {
		.opcode = KVMPPC_H_CAS,
		.in = { (uintptr_t)vectors, (uintptr_t)tree, CAS_TREE },
	};
	int64_t status = hcall(&call);

	pages_put(tree, CAS_TREE);
	return status;
}

/* A secure VM asks for a new device tree while its memory is being unplugged. */
static void unplug_during_cas(void)
{
	char *dimm = (char *)arg_number("dimm", 0);
	struct vdma_blk_config config = disk_config();
	struct vdma_sg sg = { .len = VDMA_BLK_SECTOR, .mapped = true };
	struct vdma_blk_request req = {
		.op = VDMA_BLK_READ, .sg = &sg, .count = 1,
	}, *back;
	uint64_t end, *word;
	struct disk disk;
	int got = 0;

	disk_open(&disk, &config);
	word = unplug_word();
	unplug_wait(word, 1);
	report(!ucall_pages(VDMA_UV_SHARE_PAGE, dimm, 1),
	       "share a page of the DIMM");
	sg.addr = map_private(&disk.device, dimm, PAGE);
	vdma_blk_add(&disk.queues[0], &req);
	vdma_vq_kick(&disk.queues[0].vq);
	unplug_wait(word, 2);
	report(unplug_cas() == VDMA_H_SUCCESS, "client architecture support");
	diag("the tree is new");
	unplug_wait(word, 3);
	for (end = time_ns() + DEVICE_LIMIT_NS; !got && time_ns() < end;)
		got = vdma_blk_get(&disk.queues[0], &back);
	report(got == 1, "the read comes back");
	report(ucall_pages(VDMA_UV_SHARE_PAGE, dimm, 1) == VDMA_U_PARAMETER,
	       "the DIMM is gone");
	metric("violations", "0");
	unmap_private(&disk.device, sg.addr, PAGE);
	disk_close(&disk);
	pages_put(word, sizeof(*word));
}

GUEST_TEST(unplug_during_cas, unplug_during_cas);

/* Map a page of the DIMM for the disk, in any mode. */
static uint64_t unplug_map(struct disk *disk, const char *dimm,
			   struct vdma_tce_window *window)
{
	struct device *device = &disk->device;
	struct vdma_rtas rtas = window_rtas(device->pci);
	uint64_t dma;

	*window = (struct vdma_tce_window){ .hv = &guest_hv };
	if (device->mode == VDMA_MODE_BYPASS) {
		dma = (1ul << VDMA_BYPASS_WINDOW_SHIFT) + (uintptr_t)dimm;
	} else {
		int error;

		/* Identity has the one dynamic window. */
		if (device->mode == VDMA_MODE_IDENTITY)
			window_default(device->pci, &guest_hv, window);
		else if (vdma_ddw_create(&rtas, &device->pci->fn, 12, MIB,
					 window))
			bail_out("no window for the DIMM");
		error = vdma_tce_enter(window, 0, PAGE >> window->page_shift,
				       (uintptr_t)dimm, VDMA_BIDIRECTIONAL);
		report(!error, "TCEs lead to the DIMM: %s",
		       vdma_strerror(error));
		dma = window->base;
	}
	vdma_audit_map(&device->audit, dma, PAGE, VDMA_BIDIRECTIONAL, "DIMM");
	return dma;
}

static void unplug_unmap(struct disk *disk, uint64_t dma,
			 struct vdma_tce_window *window)
{
	struct vdma_rtas rtas = window_rtas(disk->device.pci);

	vdma_audit_unmap(&disk->device.audit, dma, PAGE, VDMA_BIDIRECTIONAL,
			 "DIMM");
	if (disk->device.mode == VDMA_MODE_IDENTITY)
		vdma_tce_clear(window, 0, PAGE >> window->page_shift);
	else if (disk->device.mode != VDMA_MODE_BYPASS)
		vdma_ddw_remove(&rtas, window);
	if (window->list.cpu)
		pages_put(window->list.cpu, 4 * KIB);
}

/* A back end that has reached the DIMM does not reach it once it is gone. */
static void unplug_forgotten(void)
{
	char *dimm = (char *)arg_number("dimm", 0);
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window window;
	struct disk disk;
	uint64_t dma, *word;
	char *buffer = pages_get(VDMA_BLK_SECTOR);
	int error;

	disk_open(&disk, &config);
	word = unplug_word();
	unplug_wait(word, 1);
	if (secure_vm())
		report(!ucall_pages(VDMA_UV_SHARE_PAGE, dimm, 1),
		       "share a page of the DIMM");
	dma = unplug_map(&disk, dimm, &window);
	error = private_do(&disk, VDMA_BLK_READ, 0, dma);
	report(!error, "a read into the DIMM: %s", vdma_strerror(error));
	diag("the DIMM is used");
	metric("gone", "0x%lx 0x%lx", dma, PAGE);
	unplug_wait(word, 2);
	report(private_do(&disk, VDMA_BLK_READ, 0, dma) != VDMA_OK,
	       "the DIMM is out of reach");
	error = disk_do(&disk, 0, VDMA_BLK_READ, 0, buffer, VDMA_BLK_SECTOR);
	report(!error &&
	       !disk_wrong(&disk, 0, buffer, VDMA_BLK_SECTOR, false),
	       "the disk works: %s", vdma_strerror(error));
	metric("violations", "0");
	unplug_unmap(&disk, dma, &window);
	disk_close(&disk);
	pages_put(buffer, VDMA_BLK_SECTOR);
	pages_put(word, sizeof(*word));
}

GUEST_TEST(unplug_forgotten, unplug_forgotten);
