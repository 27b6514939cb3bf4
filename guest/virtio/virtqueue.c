// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Format-independent virtqueue state: free, added and available buffers, their mappings,
 * and validation of used entries.
 */
#include <vdma/audit.h>
#include "vq.h"

static const struct vdma_vq_format *vq_format(const struct vdma_vq_config *c)
{
	return c->features & VDMA_F_RING_PACKED ? &vdma_vq_packed :
						  &vdma_vq_split;
}

static uint16_t vq_table_size(const struct vdma_vq_config *c)
{
	return (c->features & VDMA_F_INDIRECT_DESC) ? c->indirect_max : 0;
}

static bool vq_valid(const struct vdma_vq_config *c)
{
	if (!c->num || c->num > VDMA_VQ_NUM_MAX)
		return false;
	/* 2.7.5.3.1: no chain, indirect or not, is longer than the ring */
	if (vq_table_size(c) > c->num)
		return false;
	return c->features & VDMA_F_RING_PACKED || !(c->num & (c->num - 1));
}

void vdma_vq_fit(struct vdma_vq_config *config, uint16_t most)
{
	uint16_t num = config->num < most ? config->num : most;

	if (!(config->features & VDMA_F_RING_PACKED))
		while (num & (num - 1))
			num &= num - 1;
	config->num = num;
	config->indirect_max = vq_table_size(config);
	if (config->indirect_max > num)
		config->indirect_max = num;
}

size_t vdma_vq_private_size(const struct vdma_vq_config *config)
{
	size_t descs;

	if (!vq_valid(config))
		return 0;
	descs = (size_t)config->num * (1 + vq_table_size(config));
	return descs * sizeof(struct vdma_vq_desc) +
	       config->num * sizeof(struct vdma_vq_buf) +
	       (config->num * sizeof(uint16_t) + 7) / 8 * 8;
}

static void vq_zero(void *p, size_t len)
{
	uint64_t *word = p;

	for (; len; len -= sizeof(*word))
		*word++ = 0;
}

void vdma_vq_restart(struct vdma_vq *vq)
{
	uint16_t num = vq->config.num;
	uint16_t i;

	vq_zero(vq->ring.cpu, vq->ring.len & ~(uint64_t)7);
	for (i = 0; i < num; i++) {
		vq->desc_shadow[i] = (struct vdma_vq_desc){ .next = i + 1 };
		vq->bufs[i] = (struct vdma_vq_buf){ .next = VQ_NONE };
	}
	vq->error = VDMA_OK;
	vq->in_flight = 0;
	vq->free = num;
	vq->added = 0;
	vq->order_first = 0;
	vq->order_count = 0;
	vq->batch_left = 0;
	vq->free_head = 0;
	vq->added_head = VQ_NONE;
	vq->scan = 0;
	vq->format->reset(vq);
	vq->format->disable_cb(vq);
}

int vdma_vq_init(struct vdma_vq *vq, struct vdma_domain *domain,
		 const struct vdma_vq_config *config, void *private_mem)
{
	const struct vdma_vq_format *format = vq_format(config);
	uint16_t table = vq_table_size(config);
	size_t driver, device, size;
	int error;

	if (!vq_valid(config))
		return VDMA_E_QUEUE_SIZE;
	*vq = (struct vdma_vq){ .domain = domain, .config = *config,
				.format = format };
	vq->config.indirect_max = table;

	size = format->layout(config->num, &driver, &device);
	error = vdma_domain_alloc(domain, size, &vq->ring);
	if (error)
		return error;
	if (table) {
		size = (size_t)config->num * table * VQ_DESC_SIZE;
		error = vdma_domain_alloc(domain, size, &vq->tables);
		if (error) {
			vdma_domain_free(domain, &vq->ring);
			return error;
		}
	}
	vq->desc_dma = vq->ring.dma;
	vq->driver_dma = vq->ring.dma + driver;
	vq->device_dma = vq->ring.dma + device;

	vq->desc_shadow = private_mem;
	vq->indirect_shadow = vq->desc_shadow + config->num;
	vq->bufs = (void *)(vq->indirect_shadow + (size_t)config->num * table);
	vq->order = (void *)(vq->bufs + config->num);
	vdma_vq_restart(vq);
	return VDMA_OK;
}

void vdma_vq_fini(struct vdma_vq *vq)
{
	vdma_domain_free(vq->domain, &vq->tables);
	vdma_domain_free(vq->domain, &vq->ring);
}

/* Mapping -------------------------------------------------------------------- */

static struct vdma_vq_desc *vq_first_desc(struct vdma_vq *vq, uint16_t head)
{
	return vq->bufs[head].in_table ? vq_table(vq, head)
				       : &vq->desc_shadow[head];
}

static struct vdma_vq_desc *vq_next_desc(struct vdma_vq *vq, uint16_t head,
					 struct vdma_vq_desc *desc)
{
	return vq->bufs[head].in_table ? desc + 1
				       : &vq->desc_shadow[desc->next];
}

/*
 * Unmaps the first @n descriptors of a buffer. A descriptor whose unmap fails stays
 * mapped_by_vq, so that vdma_vq_detach_unused_buf() tries again.
 */
static int vq_unmap(struct vdma_vq *vq, uint16_t head, uint16_t n)
{
	struct vdma_vq_desc *desc = vq_first_desc(vq, head);
	int first = VDMA_OK;

	for (; n; n--) {
		int error = VDMA_OK;

		if (desc->mapped_by_vq)
			error = vdma_domain_unmap(vq->domain, desc->dma,
						  desc->len,
						  (enum vdma_dir)desc->dir);
		if (!error)
			desc->mapped_by_vq = false;
		else if (!first)
			first = error;
		if (n > 1)
			desc = vq_next_desc(vq, head, desc);
	}
	return first;
}

static int vq_map_desc(struct vdma_vq *vq, const struct vdma_sg *sg,
		       enum vdma_dir dir, struct vdma_vq_desc *desc,
		       const char *where)
{
	int error = VDMA_OK;

	desc->len = sg->len;
	desc->dir = dir;
	desc->mapped_by_vq = !sg->mapped;
	if (sg->mapped)
		desc->dma = sg->addr;
	else
		error = vdma_domain_map_at(vq->domain, sg->addr, sg->len, dir,
					   &desc->dma, where);
	if (!error)
		vdma_audit_hook_check(vq->domain, desc->dma, sg->len, dir,
				      where);
	return error;
}

/*
 * Maps buffer @head, whose count and in_table are set, and sets its writable_len. Leaves
 * nothing mapped on an error.
 */
static int vq_map(struct vdma_vq *vq, uint16_t head, const struct vdma_sg *sg,
		  unsigned int out, const char *where)
{
	struct vdma_vq_buf *buf = &vq->bufs[head];
	struct vdma_vq_desc *desc = vq_first_desc(vq, head);
	uint16_t i;

	buf->writable_len = 0;
	for (i = 0; i < buf->count; i++) {
		enum vdma_dir dir = i < out ? VDMA_TO_DEVICE : VDMA_FROM_DEVICE;
		int error;

		if (i)
			desc = vq_next_desc(vq, head, desc);
		error = vq_map_desc(vq, &sg[i], dir, desc, where);
		if (error) {
			vq_unmap(vq, head, i);
			return error;
		}
		if (dir == VDMA_FROM_DEVICE)
			buf->writable_len += sg[i].len;
	}
	return VDMA_OK;
}

/* Last descriptor of a buffer in the ring */
static uint16_t vq_last_desc(const struct vdma_vq *vq, uint16_t head)
{
	uint16_t n = vq->bufs[head].descs;

	while (--n)
		head = vq->desc_shadow[head].next;
	return head;
}

/* Adding --------------------------------------------------------------------- */

/* Checks the arguments; @descs is set to the number of descriptors needed. */
static int vq_check_buffer(const struct vdma_vq *vq, const struct vdma_sg *sg,
			   unsigned int out, unsigned int in, uint16_t *descs)
{
	unsigned int n = out + in;
	uint64_t total = 0;
	unsigned int i;

	if (!n || n < out || n > vq->config.num)
		return VDMA_E_INVALID;
	for (i = 0; i < n; i++) {
		if (!sg[i].len)
			return VDMA_E_INVALID;
		total += sg[i].len;
	}
	/* 2.7.5: a chain has at most 2^32 bytes; a used length has 32 bits */
	if (total > 0xffffffffu)
		return VDMA_E_INVALID;
	*descs = n > 1 && n <= vq->config.indirect_max ? 1 : (uint16_t)n;
	return *descs <= vq->free ? VDMA_OK : VDMA_E_FULL;
}

static void vq_append_order(struct vdma_vq *vq, uint16_t head)
{
	uint32_t at = (uint32_t)vq->order_first + vq->order_count++;

	vq->order[at < vq->config.num ? at : at - vq->config.num] = head;
}

static void vq_append_added(struct vdma_vq *vq, uint16_t head)
{
	if (vq->added_head == VQ_NONE)
		vq->added_head = head;
	else
		vq->bufs[vq->added_tail].next = head;
	vq->added_tail = head;
	vq->added++;
	if (vq_has(vq, VDMA_F_IN_ORDER))
		vq_append_order(vq, head);
}

int vdma_vq_add_at(struct vdma_vq *vq, const struct vdma_sg *sg,
		   unsigned int out, unsigned int in, void *token,
		   const char *where)
{
	uint16_t head = vq->free_head;
	struct vdma_vq_buf *buf;
	uint16_t descs;
	int error;

	if (vq->error)
		return vq->error;
	if (!token)
		return VDMA_E_INVALID;
	error = vq_check_buffer(vq, sg, out, in, &descs);
	if (error)
		return error;

	buf = &vq->bufs[head];
	buf->count = (uint16_t)(out + in);
	buf->descs = descs;
	buf->in_table = descs < buf->count;
	error = vq_map(vq, head, sg, out, where);
	if (error)
		return error;

	buf->token = token;
	buf->state = VQ_ADDED;
	buf->next = VQ_NONE;
	vq->free_head = vq->desc_shadow[vq_last_desc(vq, head)].next;
	vq->free -= descs;
	vq_append_added(vq, head);
	vq->format->write(vq, head);
	return VDMA_OK;
}

int vdma_vq_kick(struct vdma_vq *vq)
{
	uint16_t head = vq->added_head;

	if (vq->error)
		return vq->error;
	if (!vq->added)
		return VDMA_OK;
	for (; head != VQ_NONE; head = vq->bufs[head].next)
		vq->bufs[head].state = VQ_AVAIL;
	vq->in_flight += vq->added;
	vq->added = 0;
	vq->added_head = VQ_NONE;
	if (vq->format->publish(vq)) {
		vq->notified++;
		vq->config.notify(vq->config.ctx, vq->format->position(vq));
	}
	return VDMA_OK;
}

/* Getting used buffers ------------------------------------------------------- */

static int vq_break(struct vdma_vq *vq, int error)
{
	vq->error = error;
	return error;
}

/* Unmaps a buffer and frees its descriptors. */
static int vq_release(struct vdma_vq *vq, uint16_t head)
{
	struct vdma_vq_buf *buf = &vq->bufs[head];
	int error = vq_unmap(vq, head, buf->count);
	uint16_t last;

	if (error)
		return error;
	last = vq_last_desc(vq, head);
	vq->desc_shadow[last].next = vq->free_head;
	vq->free_head = head;
	vq->free += buf->descs;
	buf->state = VQ_FREE;
	return VDMA_OK;
}

static int vq_check_id(const struct vdma_vq *vq, uint32_t id)
{
	if (id >= vq->config.num)
		return VDMA_E_USED_ID;
	return vq->bufs[id].state == VQ_AVAIL ? VDMA_OK : VDMA_E_USED_FREE;
}

static uint16_t vq_in_order(const struct vdma_vq *vq, uint16_t i)
{
	uint32_t at = (uint32_t)vq->order_first + i;

	return vq->order[at < vq->config.num ? at : at - vq->config.num];
}

/*
 * 2.7.9 and 2.8.9: with IN_ORDER the device may name only the last buffer of a batch; those
 * before it were used completely.
 */
static int vq_begin_batch(struct vdma_vq *vq, const struct vq_used_elem *elem)
{
	uint32_t descs = 0;
	uint16_t n;
	int error;

	for (n = 0; n < vq->in_flight; n++) {
		uint16_t head = vq_in_order(vq, n);

		descs += vq->bufs[head].descs;
		if (head == elem->id)
			break;
	}
	if (n == vq->in_flight)
		return VDMA_E_USED_FREE;
	error = vq->format->consume(vq, n + 1, (uint16_t)descs);
	if (error)
		return error;
	vq->batch_left = n + 1;
	vq->batch_len = elem->len;
	return VDMA_OK;
}

static uint16_t vq_take_from_batch(struct vdma_vq *vq, uint32_t *len)
{
	uint16_t head = vq_in_order(vq, 0);

	vq->order_first = vq->order_first + 1 < vq->config.num ?
			  vq->order_first + 1 : 0;
	vq->order_count--;
	*len = --vq->batch_left ? vq->bufs[head].writable_len : vq->batch_len;
	return head;
}

/* Returns 1 and the next used buffer, 0 if no buffer is used, or an error. */
static int vq_next_used(struct vdma_vq *vq, uint16_t *head, uint32_t *len)
{
	struct vq_used_elem elem;

	if (!vq->batch_left) {
		int got = vq->format->get_used(vq, &elem);
		int error;

		if (got <= 0)
			return got;
		error = vq_check_id(vq, elem.id);
		if (error)
			return error;
		*head = (uint16_t)elem.id;
		if (vq_has(vq, VDMA_F_RING_PACKED) &&
		    !vq->bufs[*head].writable_len)
			elem.len = 0;
		*len = elem.len;
		if (elem.len > vq->bufs[*head].writable_len)
			return VDMA_E_USED_LEN;
		if (!vq_has(vq, VDMA_F_IN_ORDER))
			return vq->format->consume(vq, 1, vq->bufs[*head].descs)
				       ?: 1;
		error = vq_begin_batch(vq, &elem);
		if (error)
			return error;
	}
	*head = vq_take_from_batch(vq, len);
	return 1;
}

int vdma_vq_get_buf(struct vdma_vq *vq, struct vdma_vq_used *used)
{
	uint16_t head;
	int got, error;

	if (vq->error)
		return vq->error;
	got = vq_next_used(vq, &head, &used->len);
	if (got < 0)
		return vq_break(vq, got);
	if (!got)
		return 0;
	used->token = vq->bufs[head].token;
	error = vq_release(vq, head);
	if (error)
		return vq_break(vq, error);
	vq->in_flight--;
	return 1;
}

int vdma_vq_wait(struct vdma_vq *vq, struct vdma_vq_used *used,
		 const struct vdma_clock *clock, uint64_t limit)
{
	uint64_t start = clock->now(clock->ctx);

	for (;;) {
		/* Read the clock first, so that a buffer used before the deadline counts. */
		bool late = clock->now(clock->ctx) - start >= limit;
		int got = vdma_vq_get_buf(vq, used);

		if (got)
			return got < 0 ? got : VDMA_OK;
		if (late)
			return vq_break(vq, VDMA_E_TIMEOUT);
		if (clock->relax)
			clock->relax(clock->ctx);
	}
}

void vdma_vq_disable_cb(struct vdma_vq *vq)
{
	vq->format->disable_cb(vq);
}

bool vdma_vq_enable_cb(struct vdma_vq *vq)
{
	return vq->batch_left || vq->format->enable_cb(vq);
}

void *vdma_vq_detach_unused_buf(struct vdma_vq *vq)
{
	for (; vq->scan < vq->config.num; vq->scan++) {
		struct vdma_vq_buf *buf = &vq->bufs[vq->scan];

		if (buf->state == VQ_FREE)
			continue;
		/* If it cannot be unmapped, its address is never used again (domain.h). */
		vq_unmap(vq, vq->scan, buf->count);
		buf->state = VQ_FREE;
		return buf->token;
	}
	return NULL;
}
