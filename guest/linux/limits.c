// SPDX-License-Identifier: GPL-2.0
/*
 * Mode bounce: limits that keep a driver's requests within its pool.
 *
 * A request is mapped as a whole. If it can never fit, the block layer retries it for
 * ever, and a host could make a secure guest do that. So drivers see lower limits than
 * the device has: in its configuration, for a single mapping, and in its rings.
 *
 * Rings are also limited for drivers that keep them full of receive buffers. QEMU has
 * rings of 1024 entries, and the console driver puts a page into each: with pages of
 * 64 KiB two such rings would need a pool of 128 MiB.
 */
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>
#include <vdma/abi.h>
#include <vdma/bounce.h>
#include "vdp.h"

/* net/9p/trans_virtio.c, VIRTQUEUE_NUM: maximum number of buffers in a request */
#define P9_BUFFERS	128

/* Mappings that a disk's request may have if each of them is a page */
#define BLK_MAPPINGS	128

/**
 * vdp_virtio_id() - type of a virtio function
 * @pdev: the function, transitional or modern
 *
 * Return: a number of linux/virtio_ids.h (virtio 1.2, 4.1.2.1).
 */
unsigned int vdp_virtio_id(const struct pci_dev *pdev)
{
	return pdev->device < VDMA_PCI_MODERN_FIRST ?
	       pdev->subsystem_device : pdev->device - VDMA_PCI_MODERN_FIRST;
}

/**
 * vdp_limits_pool() - default size of a device's pool
 * @id: its type
 *
 * The console driver receives into whole pages, a graphics card shows what is in its
 * pool, and a ring full of 9p's buffers has to fit.
 *
 * Return: bytes, a multiple of VDMA_BOUNCE_SIZE_ALIGN.
 */
u64 vdp_limits_pool(unsigned int id)
{
	switch (id) {
	case VIRTIO_ID_CONSOLE:
		return max_t(u64, VDMA_BOUNCE_SIZE, 256 * PAGE_SIZE);
	case VIRTIO_ID_9P:
		return max_t(u64, VDMA_BOUNCE_SIZE, 2 * P9_BUFFERS * PAGE_SIZE);
	case VIRTIO_ID_GPU:
		return SZ_16M;
	default:
		return VDMA_BOUNCE_SIZE;
	}
}

/*
 * The largest request with a pool of @size bytes. The rest is for rings, for rounding
 * up, and for other requests.
 */
static u64 limits_request(u64 size)
{
	return size / 3 * 2;
}

/**
 * vdp_limits_mapping() - largest mapping that a device's driver may make
 * @id: the device's type
 * @size: of its pool, in bytes
 *
 * A disk driver has no limit for a request as a whole, only for the number of its
 * mappings and for each of them. The block layer needs at least a page.
 *
 * Return: bytes, or 0 for the library's own limit.
 */
u64 vdp_limits_mapping(unsigned int id, u64 size)
{
	u64 mapping = rounddown_pow_of_two(limits_request(size) / BLK_MAPPINGS);

	if (id != VIRTIO_ID_BLOCK)
		return 0;
	return clamp_t(u64, mapping, PAGE_SIZE, VDMA_BOUNCE_MAX_LEN);
}

/**
 * vdp_limits_rx() - how much of a pool may be mapped for receiving
 * @id: the device's type
 * @size: of its pool, in bytes
 *
 * The buffers of a network card grow with what it receives, up to 64 KiB each; without
 * a limit it could no longer send.
 *
 * Return: bytes; U64_MAX without a limit.
 */
u64 vdp_limits_rx(unsigned int id, u64 size)
{
	return id == VIRTIO_ID_NET ? size / 4 * 3 : U64_MAX;
}

/**
 * vdp_limits_field() - the configuration field that limits a driver's requests
 * @id: the device's type
 * @size: of its pool, in bytes
 * @mapping: largest mapping, in bytes
 * @field: on success the field, of 32 bits (virtio 1.2, 5.2.4 and 5.6.4), and its
 *	   maximum
 *
 * Return: true if there is one.
 */
bool vdp_limits_field(unsigned int id, u64 size, u64 mapping,
		      struct vdp_limit_field *field)
{
	switch (id) {
	case VIRTIO_ID_BLOCK:
		field->offset = offsetof(struct virtio_blk_config, seg_max);
		field->max = limits_request(size) / mapping;
		return true;
	case VIRTIO_ID_SCSI:
		field->offset = offsetof(struct virtio_scsi_config,
					 max_sectors);
		field->max = limits_request(size) / SZ_512;
		return true;
	default:
		return false;
	}
}

/* Entries for each of @rings rings, which together may fill half of the pool */
static u16 limits_entries(u64 size, unsigned int rings, u64 buffer)
{
	u64 max = max_t(u64, size / 2 / rings / buffer, 1);

	return clamp_t(u64, rounddown_pow_of_two(max), 16, 1024);
}

/**
 * vdp_limits_ring() - maximum number of entries of a device's rings
 * @id: the device's type
 * @size: of its pool, in bytes
 * @rings: number of rings that it has
 *
 * Return: entries, or 0 for no limit.
 */
u16 vdp_limits_ring(unsigned int id, u64 size, unsigned int rings)
{
	switch (id) {
	case VIRTIO_ID_CONSOLE:
		/* One for control, and three ports in use. */
		return limits_entries(size, 4, PAGE_SIZE);
	case VIRTIO_ID_NET:
		/*
		 * virtio_net stops its TX queue unless MAX_SKB_FRAGS + 2 descriptors
		 * are free.
		 */
		return max_t(u16, limits_entries(size, max(rings / 2, 1u), SZ_2K),
			     64);
	case VIRTIO_ID_FS:
		/* Its driver puts no more pages into a request than entries. */
		return limits_entries(size, 1, PAGE_SIZE);
	case VIRTIO_ID_9P:
		return P9_BUFFERS;
	default:
		return 0;
	}
}
