// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: block requests transfer their data, may overlap, and have a status each; a
 * request that the device does not support is refused first; and a start that fails at
 * any step leaves nothing mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "pci_model.h"

#include <vdma/blk.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define F_BASE		(VDMA_F_VERSION_1 | VDMA_F_ACCESS_PLATFORM)
#define SECTORS		64
#define BLK_FEATURES	(VDMA_F(2) | VDMA_F(9) | VDMA_F(12))

struct disk {
	struct model *m;
	struct pci *p;
	struct vdma_virtio dev;
	struct vdma_blk blk;
	struct vdma_blk_queue queues[2];
	struct vdma_memory data;
	void *private_mem;
	unsigned char sectors[SECTORS * 512];
	int status;
};

static const struct vdma_blk_config blk_config = {
	.queues = 2, .num = 32, .indirect_max = 8,
	.ring_features = VDMA_F_RING, .limit = 1000,
};

static void disk_new(struct disk *d, uint64_t features)
{
	memset(d, 0, sizeof(*d));
	d->m = model_new();
	d->p = pci_new(d->m, F_BASE | BLK_FEATURES | features, 2, 16);
	d->p->config[0] = SECTORS;
	d->p->config[12] = 6;
	d->p->config[34] = 2;
	d->private_mem = malloc(vdma_blk_private_size(&blk_config));
	assert_int_equal(pci_find(d->p, &d->dev), VDMA_OK);
	assert_int_equal(d->m->pages.get(d->m, 8192, &d->data), VDMA_OK);
}

static void disk_free(struct disk *d)
{
	d->m->pages.put(d->m, &d->data);
	pci_free(d->p);
	free(d->private_mem);
	model_free(d->m);
}

static int disk_start(struct disk *d)
{
	return vdma_blk_start(&d->blk, &d->dev, &d->m->domain, &blk_config,
			      d->queues, d->private_mem);
}

/* The device's side (5.2.6) */
static void disk_serve(struct disk *d, struct dev *dev)
{
	struct dev_buf *buf = dev_fetch(dev);
	struct dev_seg *seg = buf->seg;
	uint32_t type = le32_at(dev, seg[0].addr), done = 1;
	uint64_t at = le64_at(dev, seg[0].addr + 8) * 512;
	unsigned int i;

	assert_int_equal(seg[0].len, 16);
	assert_int_equal(seg[buf->count - 1].len, 1);
	assert_true(seg[buf->count - 1].writable);
	for (i = 1; i < buf->count - 1; i++) {
		void *p = model_access(d->m, seg[i].addr, seg[i].len, type ?
				       VDMA_TO_DEVICE : VDMA_FROM_DEVICE);

		assert_int_equal(seg[i].writable, type == 0);
		if (type)
			memcpy(d->sectors + at, p, seg[i].len);
		else
			memcpy(p, d->sectors + at, seg[i].len);
		done += type ? 0 : seg[i].len;
		at += seg[i].len;
	}
	if (d->status >= 0)
		put_le(dev, seg[buf->count - 1].addr, 1,
		       (unsigned int)d->status);
	dev_complete(dev, 0, 1, done);
	dev_ask(dev, true);
}

/* Adds a request to a queue, lets the device serve it, and takes it back. */
static int disk_do(struct disk *d, unsigned int queue, enum vdma_blk_op op,
		   uint64_t sector, unsigned int pieces, uint32_t len)
{
	struct vdma_sg sg[8];
	struct vdma_blk_request req = { .op = op, .sector = sector,
					.count = pieces };
	struct vdma_blk_request *back = NULL;
	unsigned int i;
	int error;

	for (i = 0; i < pieces; i++)
		sg[i] = (struct vdma_sg){ d->data.phys + i * len, len, false };
	req.sg = sg;
	error = vdma_blk_add(&d->queues[queue], &req);
	if (error)
		return error;
	assert_int_equal(vdma_vq_kick(&d->queues[queue].vq), VDMA_OK);
	disk_serve(d, &d->p->queue[queue].d);
	assert_int_equal(vdma_blk_get(&d->queues[queue], &back), 1);
	assert_ptr_equal(back, &req);
	return req.error;
}

static const uint64_t formats[] = {
	0, VDMA_F_EVENT_IDX | VDMA_F_INDIRECT_DESC, VDMA_F_RING_PACKED,
	VDMA_F_RING_PACKED | VDMA_F_EVENT_IDX | VDMA_F_INDIRECT_DESC,
	VDMA_F_IN_ORDER,
};

/* Reads, writes and flushes in each format of ring transfer their data. */
static void block_requests(void **state)
{
	struct disk d;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		unsigned char *data;

		disk_new(&d, formats[i]);
		data = d.data.cpu;
		assert_int_equal(disk_start(&d), VDMA_OK);
		assert_int_equal(d.blk.sectors, SECTORS);
		assert_int_equal(d.blk.seg_max, 6);
		assert_int_equal(d.queues[1].vq.config.num, 16);
		assert_true(d.dev.features & VDMA_F_ACCESS_PLATFORM);
		for (j = 0; j < 100; j++) {
			memset(data, (int)j, 3 * 512);
			assert_int_equal(disk_do(&d, j & 1, VDMA_BLK_WRITE, j % 60,
						 3, 512), VDMA_OK);
			memset(data, 0, 3 * 512);
			assert_int_equal(disk_do(&d, 1, VDMA_BLK_READ, j % 60, 6,
						 256), VDMA_OK);
			assert_int_equal(data[3 * 512 - 1], j);
			assert_int_equal(disk_do(&d, 0, VDMA_BLK_FLUSH, 9, 0, 0),
					 VDMA_OK);
		}
		assert_int_equal(d.p->bells, 300);
		assert_int_equal(vdma_blk_stop(&d.blk), VDMA_OK);
		assert_int_equal(d.m->live, 0);
		disk_free(&d);
	}
}

/* Overlapping requests that complete in another order keep their status. */
static void block_overlap(void **state)
{
	struct vdma_blk_request req[5], *back;
	struct vdma_sg sg[5];
	unsigned int step, i;
	struct dev *dev;
	struct disk d;

	(void)state;
	disk_new(&d, 0);
	dev = &d.p->queue[0].d;
	assert_int_equal(disk_start(&d), VDMA_OK);
	for (i = 0; i < 5; i++) {
		sg[i] = (struct vdma_sg){ d.data.phys + 512 * i, 512, false };
		req[i] = (struct vdma_blk_request){ .op = VDMA_BLK_READ,
			.sector = i, .sg = &sg[i], .count = 1 };
		assert_int_equal(vdma_blk_add(&d.queues[0], &req[i]), VDMA_OK);
	}
	for (step = 0; step < 1000; step++) {
		struct dev_buf *buf;

		vdma_vq_kick(&d.queues[0].vq);
		while (dev_fetch(dev))
			;
		i = step * 7 % dev->held_count;
		buf = dev->held[i];
		put_le(dev, buf->seg[2].addr, 1,
		       le64_at(dev, buf->seg[0].addr + 8));
		dev_complete(dev, i, 1, 513);
		assert_int_equal(vdma_blk_get(&d.queues[0], &back), 1);
		assert_int_equal(back->status, back->sector);
		assert_int_equal(vdma_blk_add(&d.queues[0], back), VDMA_OK);
	}
	assert_int_equal(vdma_blk_stop(&d.blk), VDMA_OK);
	disk_free(&d);
}

/* Failed, impossible and unanswered requests have their errors. */
static void block_errors(void **state)
{
	static const int statuses[] = { 1, 2, -1 };
	struct vdma_blk_request req = { .op = VDMA_BLK_FLUSH };
	struct disk d;
	unsigned int i;

	(void)state;
	disk_new(&d, 0);
	assert_int_equal(disk_start(&d), VDMA_OK);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		d.status = statuses[i];
		assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 0, 1, 512),
				 VDMA_E_IO);
	}
	d.status = 0;
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 63, 1, 1024),
			 VDMA_E_INVALID);
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, -1ull, 1, 512),
			 VDMA_E_INVALID);
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 0, 1, 100),
			 VDMA_E_INVALID);
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 0, 7, 512),
			 VDMA_E_INVALID);
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 0, 0, 512),
			 VDMA_E_INVALID);
	d.m->fail_map = 2;
	assert_int_equal(disk_do(&d, 0, VDMA_BLK_READ, 0, 2, 512),
			 VDMA_E_NO_SPACE);

	/* no answer: the device needs a reset, or just times out */
	d.p->status |= 0x40;
	assert_int_equal(vdma_blk_do(&d.queues[0], &req), VDMA_E_NEEDS_RESET);
	d.p->status &= ~0x40;
	assert_int_equal(vdma_blk_do(&d.queues[1], &req), VDMA_E_TIMEOUT);
	d.p->reset_reads = 1000000;
	assert_int_equal(vdma_blk_stop(&d.blk), VDMA_E_TIMEOUT);
	assert_true(d.m->live > 0);
	d.p->reset_reads = 0;
	assert_int_equal(vdma_blk_stop(&d.blk), VDMA_OK);
	disk_free(&d);
}

/* Wherever start fails, nothing stays mapped. */
static void block_start_fails(void **state)
{
	struct disk d;
	unsigned int n;

	(void)state;
	for (n = 1; ; n++) {
		int error;

		disk_new(&d, VDMA_F_INDIRECT_DESC);
		d.m->fail_map = n;
		error = disk_start(&d);
		d.m->fail_map = 0;
		if (!error)
			vdma_blk_stop(&d.blk);
		assert_int_equal(d.m->live, 0);
		disk_free(&d);
		if (!error)
			break;
		assert_int_equal(error, VDMA_E_NO_SPACE);
	}
	/* headers, ring and tables of two queues */
	assert_int_equal(n, 7);

	disk_new(&d, 0);
	d.p->queue[1].notify_off = 0x100 / PCI_MULTIPLIER;
	assert_int_equal(disk_start(&d), VDMA_E_NO_QUEUE);
	assert_int_equal(d.m->live, 0);
	d.p->queue[1].notify_off = 2;
	d.p->queue[1].max = 2;
	assert_int_equal(disk_start(&d), VDMA_E_NO_QUEUE);
	d.p->config[34] = 1;
	assert_int_equal(disk_start(&d), VDMA_E_NO_QUEUE);
	d.p->refuses = true;
	assert_int_equal(disk_start(&d), VDMA_E_FEATURES);
	assert_int_equal(d.p->status, 0);
	disk_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_requests),
		cmocka_unit_test(block_overlap),
		cmocka_unit_test(block_errors),
		cmocka_unit_test(block_start_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
