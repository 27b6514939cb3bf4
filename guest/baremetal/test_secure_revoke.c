// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that are private, or unshared, while a device's requests to them are in flight.
 * The host throttles the disk.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/ultravisor.h"

#define PAGE		VDMA_UV_PAGE_SIZE
#define SECTOR		VDMA_BLK_SECTOR
#define REQUESTS	4
/* In sectors: QEMU merges requests to adjacent sectors. */
#define FAR		2048
#define PATTERN		0xa5
/* More than QEMU's stand-in of 4 KiB, so that QEMU refuses it */
#define LARGE		(8 * KIB)

/* Two pages: even requests go to the first, odd ones to the second. */
struct flight {
	struct disk disk;
	char *memory;
	uint64_t dma;
	struct vdma_sg sgs[REQUESTS];
	struct vdma_blk_request reqs[REQUESTS];
	unsigned int completed;
};

static void disk_start(struct flight *flight, uint64_t limit)
{
	struct vdma_blk_config config = disk_config();

	config.limit = limit;
	disk_open(&flight->disk, &config);
	flight->dma = map_private(&flight->disk.device, flight->memory, 2 * PAGE);
}

static void disk_stop(struct flight *flight)
{
	struct disk *disk = &flight->disk;
	int error = vdma_blk_stop(&disk->blk);

	report(!error, "the disk stops: %s", vdma_strerror(error));
	unmap_private(&disk->device, flight->dma, 2 * PAGE);
	device_close(&disk->device);
	pages_put(disk->private_mem, disk->private_len);
}

static void flight_open(struct flight *flight, uint64_t limit)
{
	*flight = (struct flight){
		.memory = pages_get_aligned(2 * PAGE, PAGE),
	};
	memset(flight->memory, PATTERN, 2 * PAGE);
	disk_start(flight, limit);
}

static void flight_close(struct flight *flight)
{
	disk_stop(flight);
	pages_put(flight->memory, 2 * PAGE);
}

static int64_t first_page(struct flight *flight, uint64_t opcode)
{
	return ucall_pages(opcode, flight->memory, 1);
}

/* Waits until @wanted requests have completed; returns how many have. */
static unsigned int reap(struct flight *flight, unsigned int wanted)
{
	uint64_t end = time_ns() + DEVICE_LIMIT_NS;
	struct vdma_blk_request *req;
	int got = 0;

	while (flight->completed < wanted && got >= 0 && time_ns() < end) {
		got = vdma_blk_get(&flight->disk.queues[0], &req);
		flight->completed += got == 1 && !req->error;
	}
	return flight->completed;
}

/*
 * Starts reads of sectors that are not adjacent, since QEMU would merge them. Once one
 * has completed, the device has taken all of them from the ring.
 */
static void submit(struct flight *flight, bool one_page)
{
	struct vdma_blk_queue *queue = &flight->disk.queues[0];
	int error = VDMA_OK;
	unsigned int i;

	for (i = 0; !error && i < REQUESTS; i++) {
		flight->sgs[i] = (struct vdma_sg){
			.addr = flight->dma + i * SECTOR +
				(one_page ? 0 : i % 2 * PAGE),
			.len = SECTOR, .mapped = true,
		};
		flight->reqs[i] = (struct vdma_blk_request){
			.op = VDMA_BLK_READ, .sector = 2 * i,
			.sg = &flight->sgs[i], .count = 1,
		};
		error = vdma_blk_add(queue, &flight->reqs[i]);
	}
	if (!error)
		error = vdma_vq_kick(&queue->vq);
	report(!error && reap(flight, 1), "%u reads are in flight: %s", REQUESTS,
	       vdma_strerror(error));
}

static void still_works(struct flight *flight)
{
	char *buffer = pages_get(SECTOR);
	int error = disk_do(&flight->disk, 0, VDMA_BLK_READ, 0, buffer, SECTOR);

	report(!error && !disk_wrong(&flight->disk, 0, buffer, SECTOR, false),
	       "the disk works: %s", vdma_strerror(error));
	pages_put(buffer, SECTOR);
}

/* Requests in flight to a private page write nothing to it when the device stops. */
static void revoke_stop(void)
{
	struct flight flight;

	flight_open(&flight, DEVICE_LIMIT_NS);
	submit(&flight, true);
	disk_stop(&flight);
	report(memory_is(flight.memory, PAGE, PATTERN),
	       "the private page is unchanged");
	metric("violations", "%u", REQUESTS * VIOLATIONS);
	pages_put(flight.memory, 2 * PAGE);
}

GUEST_TEST(revoke_stop, revoke_stop);

/* The first page is private and zero, the second is as it was. */
static void check_unshared(struct flight *flight, int64_t status)
{
	report(status == VDMA_U_SUCCESS, "unshare the page: status %ld", status);
	report(memory_is(flight->memory, PAGE, 0), "it is zero");
	report(memory_is(flight->memory + PAGE, PAGE, PATTERN),
	       "the page that always was private is unchanged");
}

/* Unsharing a page with requests in flight takes it from the device at once. */
static void revoke_unshare(void)
{
	struct flight flight;

	flight_open(&flight, DEVICE_LIMIT_NS);
	report(!first_page(&flight, VDMA_UV_SHARE_PAGE), "share a page");
	submit(&flight, false);
	check_unshared(&flight, first_page(&flight, VDMA_UV_UNSHARE_PAGE));
	report(reap(&flight, REQUESTS) == REQUESTS, "all reads complete");
	check_unshared(&flight, first_page(&flight, VDMA_UV_UNSHARE_PAGE));
	still_works(&flight);
	metric("violations", "%u", REQUESTS / 2 * VIOLATIONS);
	flight_close(&flight);
}

GUEST_TEST(revoke_unshare, revoke_unshare);

/*
 * Of two requests that start at the same address, the end of the shorter one does not
 * release the longer one's second page: unsharing it still takes it from the device.
 */
static void revoke_longer(void)
{
	struct flight flight;
	struct vdma_blk_queue *queue = &flight.disk.queues[0];
	static const uint32_t lens[] = { SECTOR, 2 * PAGE };
	unsigned int i;

	flight_open(&flight, DEVICE_LIMIT_NS);
	report(!ucall_pages(VDMA_UV_SHARE_PAGE, flight.memory, 2),
	       "share two pages");
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		flight.sgs[i] = (struct vdma_sg){
			.addr = flight.dma, .len = lens[i], .mapped = true,
		};
		flight.reqs[i] = (struct vdma_blk_request){
			.op = VDMA_BLK_READ, .sector = FAR * i,
			.sg = &flight.sgs[i], .count = 1,
		};
		vdma_blk_add(queue, &flight.reqs[i]);
	}
	vdma_vq_kick(&queue->vq);
	report(reap(&flight, 1) == 1, "the shorter one completes");
	report(!ucall_pages(VDMA_UV_UNSHARE_PAGE, flight.memory + PAGE, 1),
	       "unshare the second page");
	memset(flight.memory + PAGE, PATTERN, PAGE);
	report(reap(&flight, 2) == 2, "the longer one completes");
	report(memory_is(flight.memory + PAGE, PAGE, PATTERN),
	       "it has not written the page since");
	report(!first_page(&flight, VDMA_UV_UNSHARE_PAGE), "unshare the first");
	flight_close(&flight);
}

GUEST_TEST(revoke_longer, revoke_longer);

/* The same with UV_UNSHARE_ALL_PAGES, which takes rings and pool as well. */
static void revoke_all(void)
{
	struct vdma_hcall call = { .opcode = VDMA_UV_UNSHARE_ALL_PAGES };
	struct flight flight;

	flight_open(&flight, DEVICE_LIMIT_NS);
	report(!first_page(&flight, VDMA_UV_SHARE_PAGE), "share a page");
	submit(&flight, false);
	check_unshared(&flight, ucall(&call));
	metric("violations", "any");
	flight_close(&flight);
}

GUEST_TEST(revoke_all, revoke_all);

/* UV_ESM waits for requests in flight, and none writes to memory afterwards. */
static void revoke_esm(void)
{
	uint64_t wrong = 0;
	struct flight flight;
	unsigned int i;

	flight_open(&flight, DEVICE_LIMIT_NS);
	submit(&flight, true);
	secure_enter();
	report(secure_vm(), "the VM is secure");
	for (i = 0; i < REQUESTS; i++)
		wrong += disk_wrong(&flight.disk, 2ul * i * SECTOR,
				    flight.memory + i * SECTOR, SECTOR, false);
	report(!wrong, "reads in flight have completed: %lu words wrong", wrong);
	memset(flight.memory, PATTERN, PAGE);
	disk_stop(&flight);
	report(memory_is(flight.memory, PAGE, PATTERN),
	       "the page stays unchanged");
	pages_put(flight.memory, 2 * PAGE);
}

GUEST_TEST(revoke_esm, revoke_esm);

/*
 * A request that fails half-way releases what it has mapped: after one for a shared page
 * and for more of a private page than a stand-in holds, neither the shared page nor a
 * stand-in counts as in use.
 */
static void revoke_undone(void)
{
	struct vdma_blk_request req = { .op = VDMA_BLK_READ, .count = 2 };
	struct flight flight;
	int error;

	flight_open(&flight, DISK_BROKEN_NS);
	report(!first_page(&flight, VDMA_UV_SHARE_PAGE), "share a page");
	flight.sgs[0] = (struct vdma_sg){ .addr = flight.dma, .len = SECTOR,
					  .mapped = true };
	flight.sgs[1] = (struct vdma_sg){ .addr = flight.dma + PAGE,
					  .len = LARGE, .mapped = true };
	req.sg = flight.sgs;
	error = vdma_blk_do(&flight.disk.queues[0], &req);
	report(error == VDMA_E_NEEDS_RESET, "the device refuses: %s",
	       vdma_strerror(error));
	disk_stop(&flight);
	disk_start(&flight, DEVICE_LIMIT_NS);
	error = private_do(&flight.disk, VDMA_BLK_READ, 0, flight.dma + PAGE);
	report(!error, "there is room for another stand-in: %s",
	       vdma_strerror(error));
	check_unshared(&flight, first_page(&flight, VDMA_UV_UNSHARE_PAGE));
	still_works(&flight);
	metric("violations", "%u", 2 * VIOLATIONS);
	flight_close(&flight);
}

GUEST_TEST(revoke_undone, revoke_undone);

static void wait_until(const uint64_t *word, uint64_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		;
}

/*
 * A device's thread does not write to a page that is unshared after it has checked the
 * page: the host holds the thread between the two (tests/hypervisor/test_held.py).
 */
static void revoke_held(void)
{
	uint64_t *word = pages_get(sizeof(*word));
	struct flight flight;

	flight_open(&flight, DEVICE_LIMIT_NS);
	report(!first_page(&flight, VDMA_UV_SHARE_PAGE), "share a page");
	diag("the host's word is at %lu", (uintptr_t)word);
	wait_until(word, 1);
	flight.sgs[0] = (struct vdma_sg){ .addr = flight.dma, .len = SECTOR,
					  .mapped = true };
	flight.reqs[0] = (struct vdma_blk_request){
		.op = VDMA_BLK_READ, .sg = &flight.sgs[0], .count = 1,
	};
	vdma_blk_add(&flight.disk.queues[0], &flight.reqs[0]);
	vdma_vq_kick(&flight.disk.queues[0].vq);
	wait_until(word, 2);
	first_page(&flight, VDMA_UV_UNSHARE_PAGE);
	memset(flight.memory, PATTERN, PAGE);
	diag("the page is private");
	report(reap(&flight, 1) == 1, "the read completes");
	report(memory_is(flight.memory, PAGE, PATTERN), "the page is unchanged");
	metric("violations", "0");
	flight_close(&flight);
	pages_put(word, sizeof(*word));
}

GUEST_TEST(revoke_held, revoke_held);
