/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A ring between a driver that adds random buffers and the reference device. Both know
 * what each buffer holds.
 */
#ifndef VQ_FIXTURE_H
#define VQ_FIXTURE_H

#include "ring_fixture.h"

#define SEED		0x5eed0f01dc0ffeeull
#define SEG_MAX		20
#define SEG_LEN		48
#define BUF_LEN		(SEG_MAX * SEG_LEN)

struct request {
	bool in_flight;
	bool premapped;
	unsigned int out, in, serial;
	uint32_t writable_len, wrote;
	unsigned char *at[SEG_MAX];
	struct vdma_sg sg[SEG_MAX];
};

struct fixture {
	struct ring r;
	struct request req[DEV_MAX];
	uint64_t random;
	unsigned int serial, added, completed;
	/* the device waits for a notification, the driver for an interrupt */
	bool asleep;
	bool listening;
};

static inline unsigned int pick(struct fixture *f, unsigned int below)
{
	return (unsigned int)((model_random(&f->random) >> 32) % below);
}

static inline unsigned char pattern(unsigned int serial, unsigned int i)
{
	return (unsigned char)(serial * 37 + i * 11 + (serial >> 8));
}

static inline struct fixture *set_up(uint64_t features, uint16_t num, uint16_t table)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->random = SEED;
	ring_set_up(&f->r, features, num, table, DEV_MAX * BUF_LEN);
	return f;
}

/* Unmaps the segment that the caller has mapped itself. */
static inline void unmap_premapped(struct fixture *f, const struct request *req)
{
	if (req->premapped)
		vdma_domain_unmap(&f->r.m->domain, req->sg[0].addr,
				  req->sg[0].len, req->out ? VDMA_TO_DEVICE :
				  VDMA_FROM_DEVICE);
}

/* Detaches all buffers, as a driver does after a reset; each comes back once. */
static inline void detach_all(struct fixture *f)
{
	struct request *req;

	dev_drop(&f->r.d);
	while ((req = vdma_vq_detach_unused_buf(&f->r.vq))) {
		assert_true(req->in_flight);
		req->in_flight = false;
		f->completed++;
		unmap_premapped(f, req);
	}
	assert_int_equal(f->completed, f->added);
}

static inline void tear_down(struct fixture *f)
{
	detach_all(f);
	ring_tear_down(&f->r);
	free(f);
}

static inline void fill(struct fixture *f, struct request *req, unsigned int slot)
{
	unsigned char *base = f->r.data.cpu;
	unsigned char *p = base + slot * BUF_LEN;
	unsigned int i, j, at = 0;

	for (i = 0; i < req->out + req->in; i++) {
		struct vdma_sg *sg = &req->sg[i];

		sg->addr = f->r.data.phys + (size_t)(p - base);
		sg->len = 1 + pick(f, SEG_LEN);
		req->at[i] = p;
		if (i >= req->out)
			req->writable_len += sg->len;
		for (j = 0; j < sg->len; j++)
			*p++ = i < req->out ? pattern(req->serial, at++) : 0xee;
	}
}

static inline void premap(struct fixture *f, struct request *req)
{
	struct vdma_sg *sg = &req->sg[0];

	sg->mapped = !vdma_domain_map(&f->r.m->domain, sg->addr, sg->len,
				      req->out ? VDMA_TO_DEVICE :
				      VDMA_FROM_DEVICE, &sg->addr);
	req->premapped = sg->mapped;
}

static inline int add(struct fixture *f, unsigned int most)
{
	unsigned int slot = pick(f, DEV_MAX);
	struct request *req = &f->req[slot];
	unsigned int live, n = 1 + pick(f, most);
	int error;

	if (req->in_flight)
		return VDMA_E_FULL;
	*req = (struct request){ .serial = f->serial++ };
	req->out = pick(f, n + 1);
	req->in = n - req->out;
	fill(f, req, slot);
	if (!pick(f, 8))
		premap(f, req);
	live = f->r.m->live;
	f->r.m->fail_map = pick(f, 50) ? 0 : 1 + pick(f, n);
	error = vdma_vq_add(&f->r.vq, req->sg, req->out, req->in, req);
	f->r.m->fail_map = 0;
	if (!error) {
		req->in_flight = true;
		f->added++;
		return error;
	}
	/* an add that failed leaves nothing mapped */
	assert_int_equal(f->r.m->live, live);
	unmap_premapped(f, req);
	return error;
}

static inline void take_back(struct fixture *f, const struct vdma_vq_used *used)
{
	struct request *req = used->token;
	unsigned int i, j, at = 0;

	assert_true(req->in_flight);
	assert_int_equal(used->len, req->wrote);
	req->in_flight = false;
	f->completed++;
	unmap_premapped(f, req);
	for (i = req->out; i < req->out + req->in; i++)
		for (j = 0; j < req->sg[i].len && at < used->len; j++, at++)
			assert_int_equal(req->at[i][j],
					 pattern(~req->serial, at));
}

static inline unsigned int get_all(struct fixture *f)
{
	struct vdma_vq_used used;
	unsigned int n = 0;
	int got;

	while ((got = vdma_vq_get_buf(&f->r.vq, &used)) == 1) {
		take_back(f, &used);
		n++;
	}
	assert_int_equal(got, VDMA_OK);
	return n;
}

/*
 * Processes a buffer as the device: compares it with what was added, segment by segment,
 * and writes @len bytes.
 */
static inline void process(struct fixture *f, const struct dev_buf *buf, uint32_t len)
{
	unsigned char *base = f->r.data.cpu;
	struct request *req = NULL;
	unsigned int i, j, out = 0, in = 0;

	for (i = 0; i < buf->count; i++) {
		const struct dev_seg *seg = &buf->seg[i];
		unsigned char *p;

		p = model_access(f->r.m, seg->addr, seg->len, seg->writable ?
				 VDMA_FROM_DEVICE : VDMA_TO_DEVICE);
		if (!req)
			req = &f->req[(size_t)(p - base) / BUF_LEN];
		assert_true(req->in_flight);
		assert_int_equal(buf->count, req->out + req->in);
		assert_ptr_equal(p, req->at[i]);
		assert_int_equal(seg->len, req->sg[i].len);
		assert_int_equal(seg->writable, i >= req->out);
		for (j = 0; j < seg->len; j++) {
			if (!seg->writable)
				assert_int_equal(p[j],
						 pattern(req->serial, out++));
			else if (in < len)
				p[j] = pattern(~req->serial, in++);
		}
	}
	assert_non_null(req);
	req->wrote = len;
}

#endif /* VQ_FIXTURE_H */
