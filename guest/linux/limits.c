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
#include <linux/skbuff.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>
#include <vdma/abi.h>
#include <vdma/bounce.h>
#include "vdp.h"

/* net/9p/trans_virtio.c, VIRTQUEUE_NUM: maximum number of buffers in a request */
#define P9_BUFFERS	128

/* The console's receive queue for control (virtio 1.2, 5.3.2) */
#define CONSOLE_CONTROL_RX	2

/* Mappings that a disk's request may have if each of them is a page */
#define BLK_MAPPINGS	128

/* A ring takes 26 bytes an entry (virtio 1.2, 2.7.2 and 2.8.10), and at least a unit. */
#define RING_ENTRY	SZ_32
#define RING_MIN	SZ_4K

/*
 * Entries of a disk's ring without indirect descriptors, where a request takes one for
 * each of its mappings, header and status among them
 */
#define DIRECT_ENTRIES	256
#define DIRECT_MAPPINGS	(DIRECT_ENTRIES - 2)

/* The fewest entries that a ring is limited to */
#define RING_ENTRIES_MIN	4

/* Rings of a SCSI host that are not for requests (virtio 1.2, 5.6.2) */
#define SCSI_OTHER_RINGS	2

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
 * The drivers of a console and of a network card receive into whole pages, a graphics
 * card's pool holds its screen, and a ring full of 9p's buffers has to fit.
 *
 * Return: bytes, a multiple of VDMA_BOUNCE_SIZE_ALIGN.
 */
u64 vdp_limits_pool(unsigned int id)
{
	switch (id) {
	case VIRTIO_ID_CONSOLE:
		return max_t(u64, VDMA_BOUNCE_SIZE, 256 * PAGE_SIZE);
	case VIRTIO_ID_NET:
		return max_t(u64, VDMA_BOUNCE_SIZE, 128 * PAGE_SIZE);
	case VIRTIO_ID_9P:
		return max_t(u64, VDMA_BOUNCE_SIZE, 2 * P9_BUFFERS * PAGE_SIZE);
	case VIRTIO_ID_GPU:
		return SZ_16M;
	default:
		return VDMA_BOUNCE_SIZE;
	}
}

/*
 * The largest request with a pool of @size bytes, and how much it may grow when each of
 * its mappings is rounded up. The rest is left to rings, an eighth, and to other requests.
 */
static u64 limits_request(u64 size)
{
	return size / 3 * 2;
}

static u64 limits_rounding(u64 size)
{
	return size / 6;
}

/* A host may give a disk a ring for each CPU: how many fit into an eighth of the pool */
static unsigned int limits_disk_rings(u64 size, bool indirect)
{
	return size / 8 / (indirect ? RING_MIN : DIRECT_ENTRIES * RING_ENTRY);
}

/* The number of a disk request's mappings that carry data */
static u64 limits_seg_max(u64 max, bool indirect)
{
	return indirect ? max : min_t(u64, max, DIRECT_MAPPINGS);
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
 * A network card's buffers grow with the frames that it receives, up to 64 KiB each, and
 * a console has some for each port; without a limit neither could send any more.
 *
 * Return: bytes; U64_MAX without a limit.
 */
u64 vdp_limits_rx(unsigned int id, u64 size)
{
	bool limited = id == VIRTIO_ID_NET || id == VIRTIO_ID_CONSOLE;

	return limited ? size / 4 * 3 : U64_MAX;
}

/**
 * vdp_limits_fields() - the configuration fields that limit a driver's requests
 * @id: the device's type
 * @size: of its pool, in bytes
 * @mapping: largest mapping, in bytes
 * @indirect: a request takes one entry of its ring
 * @fields: set to the fields (virtio 1.2, 5.2.4 and 5.6.4)
 *
 * Return: how many there are.
 */
unsigned int vdp_limits_fields(unsigned int id, u64 size, u64 mapping,
			       bool indirect,
			       struct vdp_limit_field fields[VDP_LIMIT_FIELDS])
{
	switch (id) {
	case VIRTIO_ID_BLOCK:
		fields[0] = (struct vdp_limit_field){
			.offset = offsetof(struct virtio_blk_config, seg_max),
			.size = sizeof_field(struct virtio_blk_config, seg_max),
			.max = limits_seg_max(limits_request(size) / mapping,
					      indirect),
		};
		fields[1] = (struct vdp_limit_field){
			.offset = offsetof(struct virtio_blk_config, num_queues),
			.size = sizeof_field(struct virtio_blk_config, num_queues),
			.max = limits_disk_rings(size, indirect),
		};
		return 2;
	case VIRTIO_ID_SCSI:
		/* With 0 the driver uses a limit of its own, a larger one. */
		fields[0] = (struct vdp_limit_field){
			.offset = offsetof(struct virtio_scsi_config, max_sectors),
			.size = sizeof_field(struct virtio_scsi_config, max_sectors),
			.max = limits_request(size) / SZ_512,
			.replace_0 = true,
		};
		fields[1] = (struct vdp_limit_field){
			.offset = offsetof(struct virtio_scsi_config, seg_max),
			.size = sizeof_field(struct virtio_scsi_config, seg_max),
			.max = limits_seg_max(limits_rounding(size) /
					      VDMA_BOUNCE_ALIGN_MIN, indirect),
		};
		fields[2] = (struct vdp_limit_field){
			.offset = offsetof(struct virtio_scsi_config, num_queues),
			.size = sizeof_field(struct virtio_scsi_config, num_queues),
			.max = limits_disk_rings(size, indirect) -
			       SCSI_OTHER_RINGS,
		};
		return 3;
	default:
		return 0;
	}
}

/*
 * Entries that a receive ring of a card needs. If buffers are not merged, one for the
 * longest frame has to fit, which has two more mappings than a frame has pages.
 */
static unsigned int limits_net_min(bool merged)
{
	return merged ? RING_ENTRIES_MIN :
			roundup_pow_of_two(MAX_SKB_FRAGS + 2);
}

/**
 * vdp_limits_pairs() - how many pairs of rings a network card may have
 * @size: of its pool, in bytes
 * @merged: a receive buffer takes one entry of its ring
 *
 * The rings get an eighth of the pool, and the receive rings can all be filled.
 *
 * Return: pairs.
 */
u64 vdp_limits_pairs(u64 size, bool merged)
{
	u64 filled = vdp_limits_rx(VIRTIO_ID_NET, size) / PAGE_SIZE;

	return min(filled / limits_net_min(merged), size / 8 / (2 * RING_MIN));
}

/* Entries for each of @rings rings, which together may take @part bytes */
static u16 limits_entries(u64 part, unsigned int rings, u64 bytes)
{
	u64 max = max_t(u64, part / max(rings, 1u) / bytes, 1);

	return clamp_t(u64, rounddown_pow_of_two(max), RING_ENTRIES_MIN,
		       1024);
}

/**
 * vdp_limits_ring() - maximum number of entries of a ring
 * @id: the device's type
 * @size: of its pool, in bytes
 * @rings: number of rings that it has
 * @index: number of the ring
 * @indirect: a request, or a card's receive buffer, takes one entry
 *
 * Return: entries, or 0 for no limit.
 */
u16 vdp_limits_ring(unsigned int id, u64 size, unsigned int rings,
		    unsigned int index, bool indirect)
{
	switch (id) {
	case VIRTIO_ID_BLOCK:
	case VIRTIO_ID_SCSI:
		rings = min(rings, limits_disk_rings(size, indirect));
		return indirect ? limits_entries(size / 8, rings, RING_ENTRY)
				: DIRECT_ENTRIES;
	case VIRTIO_ID_CONSOLE:
		/* QEMU drops a control message that finds no buffer. */
		if (index == CONSOLE_CONTROL_RX)
			return limits_entries(size / 8, 1, PAGE_SIZE);
		/* Whole pages, for each port */
		return limits_entries(size / 2, max(rings / 2, 4u), PAGE_SIZE);
	case VIRTIO_ID_NET:
		/*
		 * A receive ring has to be full before the pool is: virtio_net of
		 * 7.2 polls for as long as it cannot fill it.
		 */
		if (index % 2 == 0)
			return max_t(u16, limits_entries(vdp_limits_rx(id, size),
							 rings / 2, PAGE_SIZE),
				     limits_net_min(indirect));
		/* It stops sending unless MAX_SKB_FRAGS + 2 descriptors are free. */
		return max_t(u16, limits_entries(size / 2, rings / 2, SZ_2K), 64);
	case VIRTIO_ID_FS:
		/* A request has no more pages than the ring has entries. */
		return limits_entries(size / 2, max(rings, 2u) - 1, PAGE_SIZE);
	case VIRTIO_ID_9P:
		return P9_BUFFERS;
	default:
		return 0;
	}
}
