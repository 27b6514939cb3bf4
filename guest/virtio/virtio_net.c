// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The network driver (virtio 1.2, 5.1). Receive buffers and the header that all frames share
 * stay mapped; only sent frames are mapped one by one.
 */
#include <vdma/error.h>
#include <vdma/net.h>

/* 5.1.3: feature bits */
#define F_MAC			VDMA_F(5)

/* 5.1.2: queues */
#define QUEUE_RX		0
#define QUEUE_TX		1

#define SEND_MAX		16

static struct vdma_vq_config
net_ring_config(const struct vdma_net_config *config, uint64_t features,
		struct vdma_doorbell *bell)
{
	return (struct vdma_vq_config){
		.num = config->num,
		.features = features & ~VDMA_F_INDIRECT_DESC,
		.notify = vdma_virtio_notify,
		.ctx = bell,
	};
}

size_t vdma_net_private_size(const struct vdma_net_config *config)
{
	/* A split ring is rounded down and needs no more than this. */
	struct vdma_vq_config ring =
		net_ring_config(config, VDMA_F_RING_PACKED, NULL);

	return 2 * vdma_vq_private_size(&ring);
}

static int net_start_queue(struct vdma_net *net, uint16_t index,
			   struct vdma_vq *vq, struct vdma_doorbell *bell,
			   char **private_mem)
{
	struct vdma_vq_config ring =
		net_ring_config(&net->config, net->dev->features, bell);
	int error;

	vdma_vq_fit(&ring, vdma_virtio_queue_max(net->dev, index));
	if (!ring.num)
		return VDMA_E_NO_QUEUE;
	error = vdma_vq_init(vq, net->domain, &ring, *private_mem);
	if (error)
		return error;
	*private_mem += vdma_vq_private_size(&ring);
	return vdma_virtio_queue(net->dev, index, vq, bell);
}

/* Puts the receive buffer at @buffer into the ring. */
static int net_post(struct vdma_net *net, void *buffer)
{
	uint64_t offset = (uint64_t)((char *)buffer - (char *)net->rx_mem.cpu);
	struct vdma_sg sg = { net->rx_mem.dma + offset, VDMA_NET_BUF_LEN,
			      true };

	return vdma_vq_add(&net->rx, &sg, 0, 1, buffer);
}

static int net_fill_rx(struct vdma_net *net)
{
	uint16_t i;
	int error;

	if (net->config.rx_buffers > net->rx.config.num)
		net->config.rx_buffers = net->rx.config.num;
	error = vdma_domain_alloc(net->domain, (uint64_t)VDMA_NET_BUF_LEN *
				  net->config.rx_buffers, &net->rx_mem);
	for (i = 0; !error && i < net->config.rx_buffers; i++)
		error = net_post(net, (char *)net->rx_mem.cpu +
					      (size_t)i * VDMA_NET_BUF_LEN);
	return error;
}

static int net_negotiate(struct vdma_net *net)
{
	uint64_t offered, features;
	unsigned int i;
	int error = vdma_virtio_begin(net->dev, &offered);

	if (error)
		return error;
	features = VDMA_F_VERSION_1 | VDMA_F_ACCESS_PLATFORM | F_MAC |
		   (net->config.ring_features & VDMA_F_RING &
		    ~VDMA_F_INDIRECT_DESC);
	error = vdma_virtio_features(net->dev, features & offered);
	if (error)
		return error;
	for (i = 0; i < VDMA_NET_MAC_LEN && net->dev->features & F_MAC; i++)
		net->mac[i] = (uint8_t)vdma_virtio_config(net->dev, i, 1);
	return VDMA_OK;
}

static int net_start(struct vdma_net *net, char *private_mem)
{
	int error = net_negotiate(net);

	if (!error)
		error = net_start_queue(net, QUEUE_RX, &net->rx, &net->rx_bell,
					&private_mem);
	if (!error)
		error = net_start_queue(net, QUEUE_TX, &net->tx, &net->tx_bell,
					&private_mem);
	if (!error)
		error = vdma_domain_alloc(net->domain, VDMA_NET_HDR_LEN,
					  &net->tx_header);
	if (!error)
		error = net_fill_rx(net);
	if (error)
		return error;
	vdma_virtio_ready(net->dev);
	return vdma_vq_kick(&net->rx);
}

int vdma_net_start(struct vdma_net *net, struct vdma_virtio *dev,
		   struct vdma_domain *domain,
		   const struct vdma_net_config *config, void *private_mem)
{
	int error;

	*net = (struct vdma_net){ .dev = dev, .domain = domain,
				  .config = *config };
	error = net_start(net, private_mem);
	if (error)
		vdma_net_stop(net);
	return error;
}

static void net_stop_ring(struct vdma_vq *vq)
{
	if (!vq->ring.len)
		return;
	while (vdma_vq_detach_unused_buf(vq))
		;
	vdma_vq_fini(vq);
}

int vdma_net_stop(struct vdma_net *net)
{
	int error = vdma_virtio_reset(net->dev);

	if (error)
		return error;
	net_stop_ring(&net->rx);
	net_stop_ring(&net->tx);
	vdma_domain_free(net->domain, &net->rx_mem);
	vdma_domain_free(net->domain, &net->tx_header);
	return VDMA_OK;
}

int vdma_net_send_at(struct vdma_net *net, const struct vdma_sg *sg,
		     unsigned int count, void *token, const char *where)
{
	struct vdma_sg all[SEND_MAX + 1];
	unsigned int i;

	if (!count || count > SEND_MAX)
		return VDMA_E_INVALID;
	all[0] = (struct vdma_sg){ net->tx_header.dma, VDMA_NET_HDR_LEN, true };
	for (i = 0; i < count; i++)
		all[i + 1] = sg[i];
	return vdma_vq_add_at(&net->tx, all, count + 1, 0, token, where);
}

int vdma_net_sent(struct vdma_net *net, void **token)
{
	struct vdma_vq_used used;
	int got = vdma_vq_get_buf(&net->tx, &used);

	if (got > 0)
		*token = used.token;
	return got;
}

int vdma_net_receive(struct vdma_net *net, struct vdma_net_frame *frame)
{
	struct vdma_vq_used used;
	int got = vdma_vq_get_buf(&net->rx, &used);

	if (got <= 0)
		return got;
	/* 5.1.6.4: a frame has a header */
	if (used.len < VDMA_NET_HDR_LEN) {
		net->rx.error = VDMA_E_USED_LEN;
		return VDMA_E_USED_LEN;
	}
	frame->token = used.token;
	frame->data = (char *)used.token + VDMA_NET_HDR_LEN;
	frame->len = used.len - VDMA_NET_HDR_LEN;
	return 1;
}

int vdma_net_recycle(struct vdma_net *net, struct vdma_net_frame *frame)
{
	int error = net_post(net, frame->token);

	return error ?: vdma_vq_kick(&net->rx);
}
