/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A minimal network driver (virtio 1.2, 5.1): one pair of queues, no offloads, polled
 */
#ifndef VDMA_NET_H
#define VDMA_NET_H

#include <vdma/virtio_dev.h>
#include <vdma/virtqueue.h>

#define VDMA_NET_MAC_LEN	6
/* Virtio 1.2, 5.1.6: struct virtio_net_hdr with num_buffers */
#define VDMA_NET_HDR_LEN	12
/* Ethernet header and payload, no frame check sequence */
#define VDMA_NET_FRAME_MAX	1514
/* A receive buffer: header and frame, rounded up */
#define VDMA_NET_BUF_LEN	2048

/**
 * struct vdma_net_config - configuration of a network device
 * @num: descriptors per queue; reduced if the device has fewer
 * @rx_buffers: number of receive buffers, at most @num
 * @ring_features: mask of VDMA_F_RING features to use if offered
 */
struct vdma_net_config {
	uint16_t num;
	uint16_t rx_buffers;
	uint64_t ring_features;
};

/**
 * struct vdma_net - a network device
 * @dev: its transport
 * @domain: how it reaches memory
 * @config: as given, reduced to what the device supports
 * @rx: receive queue
 * @tx: transmit queue
 * @rx_bell: notifications of @rx
 * @tx_bell: notifications of @tx
 * @rx_mem: receive buffers of VDMA_NET_BUF_LEN bytes
 * @tx_header: the header of all frames; all zero, since there are no offloads
 * @mac: the device's address
 */
struct vdma_net {
	struct vdma_virtio *dev;
	struct vdma_domain *domain;
	struct vdma_net_config config;
	struct vdma_vq rx;
	struct vdma_vq tx;
	struct vdma_doorbell rx_bell;
	struct vdma_doorbell tx_bell;
	struct vdma_memory rx_mem;
	struct vdma_memory tx_header;
	uint8_t mac[VDMA_NET_MAC_LEN];
};

/**
 * struct vdma_net_frame - a received frame
 * @data: its data, valid until vdma_net_recycle()
 * @len: in bytes
 *
 * The other members are private.
 */
struct vdma_net_frame {
	const void *data;
	uint32_t len;

	/* private: */
	void *token;
};

/**
 * vdma_net_private_size() - private memory that a network device needs
 * @config: as for vdma_net_start()
 *
 * Return: bytes.
 */
size_t vdma_net_private_size(const struct vdma_net_config *config);

/**
 * vdma_net_start() - reset and start a network device
 * @net: initialized on success
 * @dev: its transport, after vdma_virtio_find()
 * @domain: how it reaches memory
 * @config: requested configuration; copied
 * @private_mem: vdma_net_private_size() bytes, aligned to 8
 *
 * Return: as vdma_blk_start().
 */
int vdma_net_start(struct vdma_net *net, struct vdma_virtio *dev,
		   struct vdma_domain *domain,
		   const struct vdma_net_config *config, void *private_mem);

/**
 * vdma_net_stop() - reset the device and free all its memory
 * @net: the device
 *
 * Return: as vdma_blk_stop().
 */
int vdma_net_stop(struct vdma_net *net);

int vdma_net_send_at(struct vdma_net *net, const struct vdma_sg *sg,
		     unsigned int count, void *token, const char *where);

/**
 * vdma_net_send() - add a frame to the transmit queue
 * @net: the device
 * @sg: segments of the frame, starting with the Ethernet header; they belong to the device
 *	until vdma_net_sent() returns the frame
 * @count: number of segments, at most 16
 * @token: not NULL; returned by vdma_net_sent()
 *
 * The next vdma_vq_kick(&net->tx) makes it available to the device.
 *
 * Return: as vdma_vq_add().
 */
#define vdma_net_send(net, sg, count, token) \
	vdma_net_send_at(net, sg, count, token, VDMA_HERE)

/**
 * vdma_net_sent() - get a frame that was sent
 * @net: the device
 * @token: set on return of 1
 *
 * Return: 1; 0 if no frame was sent; or the ring's error as vdma_vq_get_buf().
 */
int vdma_net_sent(struct vdma_net *net, void **token);

/**
 * vdma_net_receive() - get a received frame
 * @net: the device
 * @frame: filled in on return of 1
 *
 * Return: 1; 0 if nothing was received; or the ring's error as vdma_vq_get_buf(), including
 * VDMA_E_USED_LEN for a frame shorter than its header.
 */
int vdma_net_receive(struct vdma_net *net, struct vdma_net_frame *frame);

/**
 * vdma_net_recycle() - return a received frame's buffer to the device
 * @net: the device
 * @frame: the frame; its data is invalid afterwards
 *
 * Return: as vdma_vq_add() and vdma_vq_kick().
 */
int vdma_net_recycle(struct vdma_net *net, struct vdma_net_frame *frame);

#endif /* VDMA_NET_H */
