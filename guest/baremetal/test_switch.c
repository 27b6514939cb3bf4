// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bypass switched on and off while a disk works in mode tce. The host throttles the disk,
 * so that requests are in flight meanwhile.
 */
#include <vdma/error.h>
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/disk.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define ROUNDS		3
#define REQUESTS	32
#define LEN		(4 * KIB)

struct flight {
	struct vdma_blk_request reqs[REQUESTS];
	struct vdma_sg sgs[REQUESTS];
	char *buffers;
};

static const struct device_plan tce = {
	.hv = &guest_hv, .mode = "tce", .window = "default",
};

static const struct device_plan bypass = {
	.hv = &guest_hv, .mode = "bypass", .window = "",
};

/* Sectors are not adjacent, since QEMU would merge the requests. */
static uint64_t request_sector(unsigned int i)
{
	return 2 * i * LEN / VDMA_BLK_SECTOR;
}

static uint64_t wrong(const struct disk *disk, const struct flight *flight)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < REQUESTS; i++)
		sum += disk_wrong(disk, request_sector(i) * VDMA_BLK_SECTOR,
				  flight->buffers + i * LEN, LEN, false);
	return sum;
}

static int submit(struct disk *disk, struct flight *flight)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		int error;

		flight->sgs[i] = (struct vdma_sg){
			.addr = (uintptr_t)flight->buffers + i * LEN,
			.len = LEN,
		};
		flight->reqs[i] = (struct vdma_blk_request){
			.op = VDMA_BLK_READ,
			.sector = request_sector(i),
			.sg = &flight->sgs[i], .count = 1,
		};
		error = vdma_blk_add(&disk->queues[0], &flight->reqs[i]);
		if (error)
			return error;
	}
	memset(flight->buffers, 0x5a, REQUESTS * LEN);
	return vdma_vq_kick(&disk->queues[0].vq);
}

/* Takes completed requests, and waits until there are @left; returns their number. */
static unsigned int reap(struct disk *disk, unsigned int left, int *error)
{
	uint64_t end = time_ns() + (left ? DEVICE_LIMIT_NS : 0);
	struct vdma_blk_request *req;
	unsigned int count = 0;
	int got;

	do {
		got = vdma_blk_get(&disk->queues[0], &req);
		if (got < 0 || (got == 1 && req->error)) {
			*error = got < 0 ? got : req->error;
			return count;
		}
		count += (unsigned int)got;
	} while (got || (count < left && time_ns() < end));
	return count;
}

/* Requests in flight through TCEs complete when bypass is enabled. */
static void enable_in_flight(struct disk *disk, struct flight *flight)
{
	const struct vdma_function *fn = &disk->device.pci->fn;
	struct vdma_window window;
	struct vdma_bypass reply;
	unsigned int early, late;
	int error;

	pci_bypass_property(disk->device.pci, &window);
	error = submit(disk, flight);
	report(!error, "%u reads through TCEs: %s", REQUESTS,
	       vdma_strerror(error));
	early = reap(disk, 0, &error);
	report(!vdma_bypass_enable(&guest_hv, fn, &window, &reply),
	       "enable: %s", vdma_strerror(VDMA_OK));
	report(early < REQUESTS, "%u reads are in flight", REQUESTS - early);
	late = reap(disk, REQUESTS - early, &error);
	report(!error && early + late == REQUESTS, "all reads complete: %s",
	       vdma_strerror(error));
	report(!wrong(disk, flight), "with the right content");
}

/* TCEs work while the window is open; it closes only after a reset. */
static void in_flight_round(struct flight *flight)
{
	struct vdma_blk_config config = disk_config();
	const struct vdma_function *fn;
	struct vdma_bypass reply;
	struct disk disk;
	int error;

	disk_open_as(&disk, 0, &tce, &config);
	fn = &disk.device.pci->fn;
	enable_in_flight(&disk, flight);
	error = disk_do(&disk, 0, VDMA_BLK_READ, LEN, flight->buffers, LEN);
	report(!error && !disk_wrong(&disk, LEN, flight->buffers, LEN, false),
	       "new TCEs work while the window is open: %s",
	       vdma_strerror(error));
	report(vdma_bypass_disable(&guest_hv, fn, &reply) == VDMA_E_BUSY,
	       "disable is refused while the device is live");
	error = disk_do(&disk, 0, VDMA_BLK_READ, LEN, flight->buffers, LEN);
	report(!error, "the device still works: %s", vdma_strerror(error));
	disk_close(&disk);
	report(!vdma_bypass_disable(&guest_hv, fn, &reply) && !reply.enabled,
	       "disable after the reset");
}

/* The device works through the window once bypass is enabled again. */
static void through_bypass(struct flight *flight)
{
	struct vdma_blk_config config = disk_config();
	struct disk disk;
	int error = 0;

	disk_open_as(&disk, 0, &bypass, &config);
	error = submit(&disk, flight);
	report(!error && reap(&disk, REQUESTS, &error) == REQUESTS &&
	       !wrong(&disk, flight),
	       "re-enabled: %u reads through the window: %s", REQUESTS,
	       vdma_strerror(error));
	disk_close(&disk);
}

/*
 * A reset ends requests in flight: the device does not write to their memory any more,
 * and works again afterwards.
 */
static void reset(void)
{
	struct flight flight = { .buffers = pages_get(REQUESTS * LEN) };
	struct vdma_blk_config config = disk_config();
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	error = submit(&disk, &flight);
	report(!error && disk.queues[0].vq.in_flight == REQUESTS,
	       "%u reads are in flight", disk.queues[0].vq.in_flight);
	disk_close(&disk);
	memset(flight.buffers, 0x77, REQUESTS * LEN);
	disk_open(&disk, &config);
	error = disk_do(&disk, 0, VDMA_BLK_READ, 0, flight.buffers, LEN);
	report(!error && !disk_wrong(&disk, 0, flight.buffers, LEN, false),
	       "the device works again: %s", vdma_strerror(error));
	report(memory_is(flight.buffers + LEN, (REQUESTS - 1) * LEN, 0x77),
	       "the other buffers are unchanged");
	disk_close(&disk);
	pages_put(flight.buffers, REQUESTS * LEN);
}

GUEST_TEST(reset, reset);

/* Bypass can be switched around a running device without an error or wrong data. */
static void switching(void)
{
	struct flight flight = { .buffers = pages_get(REQUESTS * LEN) };
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		in_flight_round(&flight);
		through_bypass(&flight);
	}
	disk_window_closed();
	pages_put(flight.buffers, REQUESTS * LEN);
}

GUEST_TEST(switching, switching);
