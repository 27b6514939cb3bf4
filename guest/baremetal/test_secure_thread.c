// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest resets a disk whose iothread is about to raise an interrupt: because of a
 * descriptor that points at the interrupt controller, or of an invalid one. QEMU survives.
 */
#include <vdma/error.h>
#include <vdma/secure.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/ktap.h"
#include "lib/lopar.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/registers.h"
#include "lib/rtas.h"

/* The PHB's MSI window on QEMU's pseries */
#define MSI_WINDOW 0x40000000000ull
#define SEGMENTS   8

/* PCI Local Bus 3.0, 6.7 and 6.8.2 */
#define CONFIG_CAPS  0x34
#define CAP_MSIX     0x11
#define MSIX_CONTROL 2
#define MSIX_ENABLE  0x8000
/* Virtio 1.2, 4.1.4.3: config_msix_vector of struct virtio_pci_common_cfg */
#define MSIX_CONFIG 0x10
/* LoPAR 7.3.10.5.1, ibm,change-msi: function */
#define CHANGE_MSIX 4

static void delay(unsigned int turns)
{
	while (turns--)
		asm volatile("" : : : "memory");
}

static void open_disk(struct disk *disk)
{
	struct vdma_blk_config config = disk_config();

	config.limit = DEVICE_LIMIT_NS;
	disk_open(disk, &config);
}

/* Lets the device start on a request, and resets it @turns of a loop later. */
static bool reset_after(struct disk *disk, struct vdma_blk_request *req,
			unsigned int turns)
{
	int error = vdma_blk_add(&disk->queues[0], req);

	error |= vdma_vq_kick(&disk->queues[0].vq);
	delay(turns);
	return !(error | vdma_blk_stop(&disk->blk));
}

static void close_disk(struct disk *disk)
{
	device_close(&disk->device);
	pages_put(disk->private_mem, disk->private_len);
}

static bool read_into_msi(unsigned int turns)
{
	struct vdma_sg sg[SEGMENTS];
	struct vdma_blk_request req = { .op = VDMA_BLK_READ,
					.sg = sg,
					.count = SEGMENTS };
	struct disk disk;
	unsigned int i;
	bool good;

	open_disk(&disk);
	vdma_audit_map(&disk.device.audit, MSI_WINDOW, 4 * KIB,
		       VDMA_BIDIRECTIONAL, "MSI window");
	for (i = 0; i < SEGMENTS; i++)
		sg[i] = (struct vdma_sg){ MSI_WINDOW, VDMA_BLK_SECTOR, true };
	good = reset_after(&disk, &req, turns);
	vdma_audit_unmap(&disk.device.audit, MSI_WINDOW, 4 * KIB,
			 VDMA_BIDIRECTIONAL, "MSI window");
	close_disk(&disk);
	return good;
}

/* Resets during DMA to the interrupt controller do no harm. */
static void thread_msi(void)
{
	uint64_t rounds = arg_number("rounds", 300), i, bad = 0;

	for (i = 0; i < rounds; i++)
		bad += !read_into_msi((unsigned int)(i * 997 % 20000));
	metric("violations", "any");
	report(!bad, "%lu resets during DMA to the interrupt controller",
	       rounds);
}

GUEST_TEST(thread_msi, thread_msi);

static uint8_t find_cap(const struct vdma_function *fn, uint8_t id)
{
	uint8_t at = (uint8_t)pci_read(fn, CONFIG_CAPS, 1);

	while (at && pci_read(fn, at, 1) != id)
		at = (uint8_t)pci_read(fn, at + 1, 1);
	return at;
}

/* Sets up the interrupt for configuration changes, which a broken device raises. */
static bool config_interrupt(const struct device *device)
{
	const struct pci_function *pci = device->pci;
	const struct vdma_region *common = &device->virtio.common;
	uint8_t msix = find_cap(&pci->fn, CAP_MSIX);
	uint32_t args[] = { pci->fn.config_addr,
			    (uint32_t)(pci->fn.buid >> 32),
			    (uint32_t)pci->fn.buid,
			    CHANGE_MSIX,
			    1,
			    1 };
	struct vdma_registers regs = registers_bars(pci);
	uint64_t vector = common->offset + MSIX_CONFIG;
	uint32_t rets[3];

	pci_write(&pci->fn, msix + MSIX_CONTROL, 2,
		  MSIX_ENABLE | pci_read(&pci->fn, msix + MSIX_CONTROL, 2));
	if (rtas_call(rtas_token("ibm,change-msi"), args, ARRAY_SIZE(args),
		      rets, 4) != RTAS_SUCCESS)
		return false;
	regs.write(regs.ctx, common->bar, vector, 2, 0);
	return regs.read(regs.ctx, common->bar, vector, 2) == 0;
}

/* Breaks the device with a buffer longer than it may reach. */
static bool break_device(char *page, unsigned int turns)
{
	struct vdma_sg sg;
	struct vdma_blk_request req = { .op = VDMA_BLK_READ,
					.sg = &sg,
					.count = 1 };
	struct disk disk;
	uint64_t dma;
	bool good;

	open_disk(&disk);
	good = config_interrupt(&disk.device);
	dma = map_private(&disk.device, page, VDMA_UV_PAGE_SIZE);
	sg = (struct vdma_sg){ dma, 8 * KIB, true };
	good &= reset_after(&disk, &req, turns);
	unmap_private(&disk.device, dma, VDMA_UV_PAGE_SIZE);
	close_disk(&disk);
	return good;
}

/* Resets of a device that is about to report an error do no harm. */
static void thread_error(void)
{
	uint64_t rounds = arg_number("rounds", 300), i, bad = 0;
	char *page = pages_get_aligned(VDMA_UV_PAGE_SIZE, VDMA_UV_PAGE_SIZE);

	for (i = 0; i < rounds; i++)
		bad += !break_device(page, (unsigned int)(i * 997 % 20000));
	metric("violations", "any");
	report(!bad, "%lu resets of a device that is about to report an error",
	       rounds);
	pages_put(page, VDMA_UV_PAGE_SIZE);
}

GUEST_TEST(thread_error, thread_error);
