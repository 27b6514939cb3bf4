// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames to the host and back (tests/lib/peers/network.py): each comes back with its
 * addresses exchanged and its payload complemented, in order. With payload=same the
 * payload comes back unchanged, for hosts that cannot do more.
 *
 * net_move runs until the host stops it. A network does not migrate, so frames may get
 * lost or come twice; those that do not come are sent again.
 */
#include <vdma/error.h>
#include <vdma/net.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/clock.h"
#include "lib/control.h"
#include "lib/ktap.h"
#include "lib/page.h"

#define HEADER		14
#define FRAME_MIN	60
#define FRAMES		3000
#define AT_ONCE		32
#define RESEND_NS	300000000ull
#define POLL_NS		50000000ull
#define ETHERTYPE	0x88b5	/* IEEE 802: for local experiments */
#define SEGMENTS	3

struct link {
	struct device device;
	struct vdma_net net;
	char *buffers[AT_ONCE];
	uint64_t end;
	bool lossy;
	uint64_t sent;
	uint64_t sends;
	uint64_t returned;
	uint64_t received;
	uint64_t wrong;
	uint8_t complement;
	int error;
};

/* Length of frame @i, and its payload at byte @at */
static uint32_t frame_len(uint64_t i)
{
	return FRAME_MIN + (uint32_t)(i * 37 % (VDMA_NET_FRAME_MAX - FRAME_MIN
						+ 1));
}

static uint8_t payload(uint64_t i, uint32_t at)
{
	return (uint8_t)(i * 7 + at + (at >> 8) * 3);
}

static void build(const struct link *link, uint64_t i, uint8_t *frame)
{
	uint32_t at;

	memset(frame, 0x02, VDMA_NET_MAC_LEN);
	memcpy(frame + VDMA_NET_MAC_LEN, link->net.mac, VDMA_NET_MAC_LEN);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	for (at = HEADER; at < frame_len(i); at++)
		frame[at] = payload(i, at);
}

static bool right(const struct link *link, uint64_t i, const uint8_t *frame,
		  uint32_t len)
{
	uint32_t at;

	if (len != frame_len(i) ||
	    memcmp(frame, link->net.mac, VDMA_NET_MAC_LEN))
		return false;
	for (at = HEADER; at < len; at++) {
		uint8_t sent = payload(i, at);

		if ((frame[at] ^ sent) != link->complement)
			return false;
	}
	return true;
}

/* Sends header and payload in three segments, the last of any alignment. */
static bool send(struct link *link)
{
	uint64_t i = link->sent;
	char *frame = link->buffers[i % AT_ONCE];
	uint64_t at = (uintptr_t)frame;
	struct vdma_sg sg[SEGMENTS] = {
		{ .addr = at, .len = HEADER },
		{ .addr = at + HEADER, .len = 33 },
		{ .addr = at + HEADER + 33, .len = frame_len(i) - HEADER - 33 },
	};

	build(link, i, (uint8_t *)frame);
	link->error = vdma_net_send(&link->net, sg, SEGMENTS, frame);
	if (link->error == VDMA_E_FULL) {
		link->error = VDMA_OK;
		return false;
	}
	if (!link->error)
		link->error = vdma_vq_kick(&link->net.tx);
	link->sent++;
	link->sends++;
	return true;
}

/* Not a test frame, a duplicate, or after a gap */
static bool ignored(const struct link *link, const uint8_t *frame, uint32_t len)
{
	uint64_t i;

	if (!link->lossy)
		return false;
	if (frame[12] != ETHERTYPE >> 8 || frame[13] != (ETHERTYPE & 0xff))
		return true;
	for (i = link->received + 1; i < link->received + 2 * AT_ONCE; i++) {
		if (right(link, i, frame, len) ||
		    (i >= 2 * AT_ONCE &&
		     right(link, i - 2 * AT_ONCE, frame, len)))
			return true;
	}
	return false;
}

static void take(struct link *link, const struct vdma_net_frame *frame)
{
	if (right(link, link->received, frame->data, frame->len))
		link->received++;
	else if (!ignored(link, frame->data, frame->len))
		link->wrong++;
}

static bool turn(struct link *link)
{
	struct vdma_net_frame frame;
	bool busy = false;
	void *token;
	int got;

	/* No more frames in flight than there are receive buffers */
	if (link->sent < link->end && link->sent - link->received < AT_ONCE)
		busy = send(link);
	while (!link->error && (got = vdma_net_sent(&link->net, &token))) {
		link->error = got < 0 ? got : VDMA_OK;
		link->returned++;
		busy = true;
	}
	while (!link->error && (got = vdma_net_receive(&link->net, &frame))) {
		if (got < 0) {
			link->error = got;
			break;
		}
		take(link, &frame);
		link->error = vdma_net_recycle(&link->net, &frame);
		busy = true;
	}
	return busy;
}

/* Sends and receives until all frames are back. */
static void echo(struct link *link)
{
	uint64_t last = time_ns();

	while (!link->error && !link->wrong &&
	       (link->received < link->end || link->returned < link->sends)) {
		if (turn(link))
			last = time_ns();
		else if (time_ns() - last > DEVICE_LIMIT_NS)
			link->error = VDMA_E_TIMEOUT;
	}
}

/* The same until the host stops it; sends lost frames again. */
static void echo_until_stopped(struct link *link, struct disk *control)
{
	uint64_t last = time_ns(), got = 0, polled = last;

	while (!link->error && !link->wrong) {
		turn(link);
		if (link->received != got) {
			got = link->received;
			last = time_ns();
		}
		if (time_ns() - last > DEVICE_LIMIT_NS)
			link->error = VDMA_E_TIMEOUT;
		if (time_ns() - last > RESEND_NS &&
		    link->returned == link->sends)
			link->sent = link->received;
		if (time_ns() - polled > POLL_NS) {
			polled = time_ns();
			if (control_wants_stop(control))
				break;
		}
	}
	link->end = link->received;
}

static struct vdma_net_config net_config(void)
{
	struct vdma_net_config config = {
		.num = 64, .rx_buffers = 2 * AT_ONCE,
		.ring_features = VDMA_F_EVENT_IDX,
	};

	if (!strcmp(arg("ring", "split"), "packed"))
		config.ring_features |= VDMA_F_RING_PACKED;
	return config;
}

static void net_run(struct disk *control)
{
	struct vdma_net_config config = net_config();
	uint64_t before = pages_free();
	uint64_t len = vdma_net_private_size(&config);
	void *private_mem = pages_get(len);
	struct device_plan plan = device_plan();
	bool same = !strcmp(arg("payload", "complement"), "same");
	struct link link = {
		.complement = same ? 0 : 0xff,
		.lossy = control,
		.end = control ? UINT64_MAX : FRAMES,
	};
	unsigned int i;

	device_open(&link.device, TYPE_NET, 0, &plan);
	for (i = 0; i < AT_ONCE; i++)
		link.buffers[i] = pages_get(VDMA_NET_FRAME_MAX);
	link.error = vdma_net_start(&link.net, &link.device.virtio,
				    link.device.domain, &config, private_mem);
	report(!link.error, "start: %s", vdma_strerror(link.error));
	if (control) {
		diag("at work");
		echo_until_stopped(&link, control);
	} else {
		echo(&link);
	}
	report(!link.error, "%lu frames sent, %lu back: %s", link.sends,
	       link.received, vdma_strerror(link.error));
	report(link.received && link.received == link.end,
	       "as many as were sent");
	metric("frames", "%lu", link.received);
	report(!link.wrong, "each with the content that the host returns, in order");
	report(!vdma_net_stop(&link.net), "stop");
	device_close(&link.device);
	for (i = 0; i < AT_ONCE; i++)
		pages_put(link.buffers[i], VDMA_NET_FRAME_MAX);
	pages_put(private_mem, len);
	report(pages_free() == before, "all memory is free again");
}

/* Each frame comes back whole and in order, and no memory is lost. */
static void net_echo(void)
{
	net_run(NULL);
}

GUEST_TEST(net_echo, net_echo);

/* The same while the machine migrates, except for frames that the network loses. */
static void net_move(void)
{
	struct disk control;

	control_open(&control);
	net_run(&control);
	disk_close(&control);
}

GUEST_TEST(net_move, net_move);
