// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: frames are sent and received whole, buffers are recycled for ever, a frame
 * shorter than its header is an error, and nothing stays mapped after a stop or a start
 * that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "pci_model.h"

#include <vdma/net.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define HDR		VDMA_NET_HDR_LEN
#define RX		0
#define TX		1

static const struct vdma_net_config net_config = {
	.num = 32, .rx_buffers = 32, .ring_features = VDMA_F_RING,
};

struct nic {
	struct model *m;
	struct pci *p;
	struct vdma_virtio dev;
	struct vdma_net net;
	struct vdma_memory data;
	void *private_mem;
	unsigned char wire[2048];
	uint32_t len;
};

static void nic_new(struct nic *n, uint64_t features)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

	memset(n, 0, sizeof(*n));
	n->m = model_new();
	n->p = pci_new(n->m, VDMA_F_VERSION_1 | VDMA_F(5) | features, 2, 16);
	memcpy(n->p->config, mac, sizeof(mac));
	n->private_mem = malloc(vdma_net_private_size(&net_config));
	assert_int_equal(pci_find(n->p, &n->dev), VDMA_OK);
	assert_int_equal(n->m->pages.get(n->m, 4096, &n->data), VDMA_OK);
}

static int nic_start(struct nic *n)
{
	return vdma_net_start(&n->net, &n->dev, &n->m->domain, &net_config,
			      n->private_mem);
}

static void nic_free(struct nic *n)
{
	assert_int_equal(n->m->live, 0);
	n->m->pages.put(n->m, &n->data);
	pci_free(n->p);
	free(n->private_mem);
	model_free(n->m);
}

/* The device puts the frames of its transmit queue on the wire. */
static void nic_transmit(struct nic *n)
{
	struct dev *d = &n->p->queue[TX].d;
	struct dev_buf *buf = dev_fetch(d);
	unsigned int i, j;

	assert_non_null(buf);
	/* 5.1.6.2: a header of its own length, without offloads all zero */
	assert_int_equal(buf->seg[0].len, HDR);
	for (j = 0; j < HDR; j += 4)
		assert_int_equal(le32_at(d, buf->seg[0].addr + j), 0);
	n->len = 0;
	for (i = 1; i < buf->count; i++) {
		memcpy(n->wire + n->len, model_access(n->m, buf->seg[i].addr,
						      buf->seg[i].len,
						      VDMA_TO_DEVICE),
		       buf->seg[i].len);
		n->len += buf->seg[i].len;
	}
	dev_complete(d, 0, 1, 0);
	dev_ask(d, true);
}

/* The device writes the wire's frame to a buffer; @len includes the header. */
static void nic_deliver(struct nic *n, uint32_t len)
{
	struct dev *d = &n->p->queue[RX].d;
	struct dev_buf *buf = dev_fetch(d);
	unsigned char *p;

	assert_non_null(buf);
	assert_int_equal(buf->count, 1);
	p = model_access(n->m, buf->seg[0].addr, buf->seg[0].len,
			 VDMA_FROM_DEVICE);
	memset(p, 0, HDR);
	memcpy(p + HDR, n->wire, n->len);
	dev_complete(d, 0, 1, len);
}

/* Frames of each length come back whole, in each format of ring. */
static void echo(void **state)
{
	static const uint64_t formats[] = {
		0, VDMA_F_EVENT_IDX, VDMA_F_RING_PACKED | VDMA_F_EVENT_IDX,
		VDMA_F_IN_ORDER | VDMA_F_INDIRECT_DESC,
	};
	unsigned int i, j, k;
	struct nic n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		nic_new(&n, formats[i]);
		assert_int_equal(nic_start(&n), VDMA_OK);
		assert_memory_equal(n.net.mac, n.p->config, 6);
		assert_int_equal(n.net.rx.in_flight, 16);
		for (j = 0; j < 200; j++) {
			struct vdma_sg sg[2] = {
				{ n.data.phys, 14, false },
				{ n.data.phys + 14, 46 + j, false },
			};
			struct vdma_net_frame frame;
			void *token = NULL;

			for (k = 0; k < 60 + j; k++)
				((uint8_t *)n.data.cpu)[k] = (uint8_t)(j + k);
			assert_int_equal(vdma_net_send(&n.net, sg, 2, &n),
					 VDMA_OK);
			assert_int_equal(vdma_vq_kick(&n.net.tx), VDMA_OK);
			nic_transmit(&n);
			assert_int_equal(vdma_net_sent(&n.net, &token), 1);
			assert_ptr_equal(token, &n);
			assert_int_equal(vdma_net_sent(&n.net, &token), 0);

			assert_int_equal(vdma_net_receive(&n.net, &frame), 0);
			nic_deliver(&n, n.len + HDR);
			assert_int_equal(vdma_net_receive(&n.net, &frame), 1);
			assert_int_equal(frame.len, 60 + j);
			assert_memory_equal(frame.data, n.data.cpu, 60 + j);
			assert_int_equal(vdma_net_recycle(&n.net, &frame),
					 VDMA_OK);
		}
		assert_int_equal(vdma_net_stop(&n.net), VDMA_OK);
		nic_free(&n);
	}
}

/* Impossible frames are refused; one shorter than its header breaks the ring. */
static void bad_frames(void **state)
{
	struct vdma_sg sg[17] = { { 0, 1, true } };
	struct vdma_net_frame frame;
	struct nic n;

	(void)state;
	nic_new(&n, 0);
	assert_int_equal(nic_start(&n), VDMA_OK);
	assert_int_equal(vdma_net_send(&n.net, sg, 0, &n), VDMA_E_INVALID);
	assert_int_equal(vdma_net_send(&n.net, sg, 17, &n), VDMA_E_INVALID);
	nic_deliver(&n, HDR);
	assert_int_equal(vdma_net_receive(&n.net, &frame), 1);
	assert_int_equal(frame.len, 0);
	nic_deliver(&n, HDR - 1);
	assert_int_equal(vdma_net_receive(&n.net, &frame), VDMA_E_USED_LEN);
	assert_int_equal(vdma_net_receive(&n.net, &frame), VDMA_E_USED_LEN);
	assert_int_equal(vdma_net_stop(&n.net), VDMA_OK);
	nic_free(&n);
}

/* A start that fails at any step leaves nothing mapped. */
static void start_fails(void **state)
{
	struct nic n;
	unsigned int i;

	(void)state;
	for (i = 1; i <= 4; i++) {
		nic_new(&n, 0);
		n.m->fail_map = i;
		assert_int_equal(nic_start(&n), VDMA_E_NO_SPACE);
		nic_free(&n);
	}
	nic_new(&n, 0);
	n.p->queue[TX].max = 0;
	assert_int_equal(nic_start(&n), VDMA_E_NO_QUEUE);
	nic_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo),
		cmocka_unit_test(bad_frames),
		cmocka_unit_test(start_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
