// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reset of the system under a live device whose bypass is on. The program runs
 * twice; that the second half of the disk is written tells the second life. Both
 * must find the same hypervisor.
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/lopar.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/rtas.h"

#define LEN	(64 * KIB)

static const struct device_plan bypass = {
	.hv = &guest_hv, .mode = "bypass", .window = "",
};

static void starts_without(const struct pci_function *pci)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	report(pci_bypass_property(pci, &window) == VDMA_PROPERTY_VALID,
	       "firmware has tagged the disk");
	report(!vdma_bypass_query(&guest_hv, &pci->fn, &reply) &&
	       reply.supported && !reply.enabled, "and bypass is off");
	disk_window_closed();
}

static bool holds(struct disk *disk, uint64_t offset, char *buffer,
		  bool written)
{
	int error = disk_do(disk, 0, VDMA_BLK_READ, offset, buffer, LEN);

	return !error && !disk_wrong(disk, offset, buffer, LEN, written);
}

/* The device stays as it is, at work, for the reset to end. */
static void first_life(struct disk *disk)
{
	struct vdma_bypass reply;
	int error = disk_write_half(disk);

	report(!error, "first life: the second half is written: %s",
	       vdma_strerror(error));
	error = vdma_bypass_query(&guest_hv, &disk->device.pci->fn, &reply);
	report(!error && reply.enabled, "first life: bypass is on");
	ktap_run_again();
}

static void reboot(void)
{
	struct vdma_blk_config config = disk_config();
	char *buffer = pages_get(LEN);
	struct disk disk;
	bool second;

	starts_without(device_find(TYPE_BLK, 0));
	disk_open_as(&disk, 0, &bypass, &config);
	report(holds(&disk, 0, buffer, false), "a read through the window");
	second = holds(&disk, disk.bytes / 2, buffer, true);
	if (second)
		disk_close(&disk);
	else
		first_life(&disk);
	pages_put(buffer, LEN);
}

GUEST_TEST(reboot, reboot);

/*
 * LoPAR 7.3.27.3.2: QEMU resets a PHB for the guest only if a device of the
 * host's is below it. Others are reset with the system.
 */
static void phb_reset(void)
{
	const struct pci_function *pci = device_find(TYPE_BLK, 0);
	uint32_t token = rtas_token("ibm,set-slot-reset");
	uint32_t args[4] = {
		pci->fn.config_addr, (uint32_t)(pci->fn.buid >> 32),
		(uint32_t)pci->fn.buid, SLOT_RESET_HOT,
	};
	int status;

	if (!report(token, "RTAS has ibm,set-slot-reset"))
		return;
	status = rtas_call(token, args, 4, NULL, 1);
	report(status == RTAS_PARAMETER,
	       "and refuses it for an emulated device: %d", status);
}

GUEST_TEST(phb_reset, phb_reset);
