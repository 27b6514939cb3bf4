// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A system reset while a device with bypass enabled runs. The program runs twice; the
 * disk's second half tells the second run. Both must find the hypervisor in the same
 * state.
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

/* After a boot or a reset, bypass is off and its window closed. */
static void check_bypass_off(const struct pci_function *pci)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	report(pci_bypass_property(pci, &window) == VDMA_PROPERTY_VALID,
	       "firmware has tagged the disk");
	report(!vdma_bypass_query(&guest_hv, &pci->fn, &reply) &&
	       reply.supported && !reply.enabled, "bypass is off");
	disk_window_closed();
}

static bool holds(struct disk *disk, uint64_t offset, char *buffer,
		  bool written)
{
	int error = disk_do(disk, 0, VDMA_BLK_READ, offset, buffer, LEN);

	return !error && !disk_wrong(disk, offset, buffer, LEN, written);
}

/* Leaves the device running for the reset. */
static void first_run(struct disk *disk)
{
	struct vdma_bypass reply;
	int error = disk_write_half(disk);

	report(!error, "first run: the second half is written: %s",
	       vdma_strerror(error));
	error = vdma_bypass_query(&guest_hv, &disk->device.pci->fn, &reply);
	report(!error && reply.enabled, "first run: bypass is on");
	ktap_run_again();
}

/* A system reset closes the bypass window of a running device, which works again. */
static void reboot(void)
{
	struct vdma_blk_config config = disk_config();
	char *buffer = pages_get(LEN);
	struct disk disk;
	bool second;

	check_bypass_off(device_find(TYPE_BLK, 0));
	disk_open_as(&disk, 0, &bypass, &config);
	report(holds(&disk, 0, buffer, false), "a read through the window");
	second = holds(&disk, disk.bytes / 2, buffer, true);
	if (second)
		disk_close(&disk);
	else
		first_run(&disk);
	pages_put(buffer, LEN);
}

GUEST_TEST(reboot, reboot);

/*
 * A guest cannot reset the PHB of an emulated device (LoPAR 7.3.27.3.2): QEMU resets only
 * PHBs with a device of the host below them. Others are reset with the system.
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
	       "it refuses an emulated device: %d", status);
}

GUEST_TEST(phb_reset, phb_reset);
