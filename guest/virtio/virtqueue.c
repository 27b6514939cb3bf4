// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The books of a ring, whatever its format: which buffers are free, added,
 * shown; what of them is mapped; and what of the device's answers is believed.
 */
#include "vq.h"

static const struct vdma_vq_format *format_of(const struct vdma_vq_config *c)
{
	return c->features & VDMA_F_RING_PACKED ? &vdma_vq_packed :
						  &vdma_vq_split;
}

static uint16_t table_size(const struct vdma_vq_config *c)
{
	return (c->features & VDMA_F_INDIRECT_DESC) ? c->indirect_max : 0;
}

static bool valid(const struct vdma_vq_config *c)
{
	if (!c->num || c->num > VDMA_VQ_NUM_MAX)
		return false;
	/* 2.7.5.3.1: no chain, indirect or not, is longer than the ring */
	if (table_size(c) > c->num)
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
	config->indirect_max = table_size(config);
	if (config->indirect_max > num)
		config->indirect_max = num;
}

size_t vdma_vq_private_size(const struct vdma_vq_config *config)
{
	size_t pieces;

	if (!valid(config))
		return 0;
	pieces = (size_t)config->num * (1 + table_size(config));
	return pieces * sizeof(struct vdma_vq_piece) +
	       config->num * sizeof(struct vdma_vq_slot) +
	       (config->num * sizeof(uint16_t) + 7) / 8 * 8;
}

static void zero(void *p, size_t len)
{
	uint64_t *word = p;

	for (; len; len -= sizeof(*word))
		*word++ = 0;
}

void vdma_vq_restart(struct vdma_vq *vq)
{
	uint16_t num = vq->config.num;
	uint16_t i;

	zero(vq->ring.cpu, vq->ring.len & ~(uint64_t)7);
	for (i = 0; i < num; i++) {
		vq->pieces[i] = (struct vdma_vq_piece){ .next = i + 1 };
		vq->slots[i] = (struct vdma_vq_slot){ .next = VQ_NONE };
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
	vq->format->quiet(vq);
}

int vdma_vq_init(struct vdma_vq *vq, struct vdma_domain *domain,
		 const struct vdma_vq_config *config, void *private_mem)
{
	const struct vdma_vq_format *format = format_of(config);
	uint16_t table = table_size(config);
	size_t driver, device, size;
	int error;

	if (!valid(config))
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

	vq->pieces = private_mem;
	vq->table_pieces = vq->pieces + config->num;
	vq->slots = (void *)(vq->table_pieces + (size_t)config->num * table);
	vq->order = (void *)(vq->slots + config->num);
	vdma_vq_restart(vq);
	return VDMA_OK;
}

void vdma_vq_fini(struct vdma_vq *vq)
{
	vdma_domain_free(vq->domain, &vq->tables);
	vdma_domain_free(vq->domain, &vq->ring);
}

/* What was asked makes sense, and fits into @descs descriptors. */
static int check_buffer(const struct vdma_vq *vq, const struct vdma_sg *sg,
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

static void append_order(struct vdma_vq *vq, uint16_t head)
{
	uint32_t at = (uint32_t)vq->order_first + vq->order_count++;

	vq->order[at < vq->config.num ? at : at - vq->config.num] = head;
}

static void append_added(struct vdma_vq *vq, uint16_t head)
{
	if (vq->added_head == VQ_NONE)
		vq->added_head = head;
	else
		vq->slots[vq->added_tail].next = head;
	vq->added_tail = head;
	vq->added++;
	if (vq_has(vq, VDMA_F_IN_ORDER))
		append_order(vq, head);
}

int vdma_vq_add_at(struct vdma_vq *vq, const struct vdma_sg *sg,
		   unsigned int out, unsigned int in, void *token,
		   const char *where)
{
	uint16_t head = vq->free_head;
	struct vdma_vq_slot *slot;
	uint16_t descs;
	int error;

	if (vq->error)
		return vq->error;
	if (!token)
		return VDMA_E_INVALID;
	error = check_buffer(vq, sg, out, in, &descs);
	if (error)
		return error;

	slot = &vq->slots[head];
	slot->count = (uint16_t)(out + in);
	slot->descs = descs;
	slot->in_table = descs < slot->count;
	error = vdma_vq_map_pieces(vq, head, sg, out, where);
	if (error)
		return error;

	slot->token = token;
	slot->state = VQ_ADDED;
	slot->next = VQ_NONE;
	vq->free_head = vq->pieces[vdma_vq_last_desc(vq, head)].next;
	vq->free -= descs;
	append_added(vq, head);
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
	for (; head != VQ_NONE; head = vq->slots[head].next)
		vq->slots[head].state = VQ_SHOWN;
	vq->in_flight += vq->added;
	vq->added = 0;
	vq->added_head = VQ_NONE;
	if (vq->format->show(vq)) {
		vq->notified++;
		vq->config.notify(vq->config.ctx, vq->format->position(vq));
	}
	return VDMA_OK;
}

static int broken(struct vdma_vq *vq, int error)
{
	vq->error = error;
	return error;
}

/* Unmaps a buffer and makes its descriptors free. */
static int release(struct vdma_vq *vq, uint16_t head)
{
	struct vdma_vq_slot *slot = &vq->slots[head];
	int error = vdma_vq_unmap_pieces(vq, head, slot->count);
	uint16_t last;

	if (error)
		return error;
	last = vdma_vq_last_desc(vq, head);
	vq->pieces[last].next = vq->free_head;
	vq->free_head = head;
	vq->free += slot->descs;
	slot->state = VQ_FREE;
	return VDMA_OK;
}

static int check_id(const struct vdma_vq *vq, uint32_t id)
{
	if (id >= vq->config.num)
		return VDMA_E_USED_ID;
	return vq->slots[id].state == VQ_SHOWN ? VDMA_OK : VDMA_E_USED_FREE;
}

static uint16_t in_order(const struct vdma_vq *vq, uint16_t i)
{
	uint32_t at = (uint32_t)vq->order_first + i;

	return vq->order[at < vq->config.num ? at : at - vq->config.num];
}

/*
 * 2.7.9 and 2.8.9: with IN_ORDER the device may name only the last buffer of a
 * batch; those before it were used to their whole length.
 */
static int begin_batch(struct vdma_vq *vq, const struct vq_answer *answer)
{
	uint32_t descs = 0;
	uint16_t n;
	int error;

	for (n = 0; n < vq->in_flight; n++) {
		uint16_t head = in_order(vq, n);

		descs += vq->slots[head].descs;
		if (head == answer->id)
			break;
	}
	if (n == vq->in_flight)
		return VDMA_E_USED_FREE;
	error = vq->format->consume(vq, n + 1, (uint16_t)descs);
	if (error)
		return error;
	vq->batch_left = n + 1;
	vq->batch_len = answer->len;
	return VDMA_OK;
}

static uint16_t take_from_batch(struct vdma_vq *vq, uint32_t *len)
{
	uint16_t head = in_order(vq, 0);

	vq->order_first = vq->order_first + 1 < vq->config.num ?
			  vq->order_first + 1 : 0;
	vq->order_count--;
	*len = --vq->batch_left ? vq->slots[head].room : vq->batch_len;
	return head;
}

/* 1 and the next buffer that the device has used, 0, or an error. */
static int next_used(struct vdma_vq *vq, uint16_t *head, uint32_t *len)
{
	struct vq_answer answer;

	if (!vq->batch_left) {
		int got = vq->format->answer(vq, &answer);
		int error;

		if (got <= 0)
			return got;
		error = check_id(vq, answer.id);
		if (error)
			return error;
		*head = (uint16_t)answer.id;
		if (vq_has(vq, VDMA_F_RING_PACKED) && !vq->slots[*head].room)
			answer.len = 0;
		*len = answer.len;
		if (answer.len > vq->slots[*head].room)
			return VDMA_E_USED_LEN;
		if (!vq_has(vq, VDMA_F_IN_ORDER))
			return vq->format->consume(vq, 1,
						   vq->slots[*head].descs) ?: 1;
		error = begin_batch(vq, &answer);
		if (error)
			return error;
	}
	*head = take_from_batch(vq, len);
	return 1;
}

int vdma_vq_get(struct vdma_vq *vq, struct vdma_vq_used *used)
{
	uint16_t head;
	int got, error;

	if (vq->error)
		return vq->error;
	got = next_used(vq, &head, &used->len);
	if (got < 0)
		return broken(vq, got);
	if (!got)
		return 0;
	used->token = vq->slots[head].token;
	error = release(vq, head);
	if (error)
		return broken(vq, error);
	vq->in_flight--;
	return 1;
}

int vdma_vq_wait(struct vdma_vq *vq, struct vdma_vq_used *used,
		 const struct vdma_clock *clock, uint64_t limit)
{
	uint64_t start = clock->now(clock->ctx);

	for (;;) {
		/* Looked at before the ring: the last look counts. */
		bool late = clock->now(clock->ctx) - start >= limit;
		int got = vdma_vq_get(vq, used);

		if (got)
			return got < 0 ? got : VDMA_OK;
		if (late)
			return broken(vq, VDMA_E_TIMEOUT);
		if (clock->relax)
			clock->relax(clock->ctx);
	}
}

void vdma_vq_quiet(struct vdma_vq *vq)
{
	vq->format->quiet(vq);
}

bool vdma_vq_listen(struct vdma_vq *vq)
{
	return vq->batch_left || vq->format->listen(vq);
}

void *vdma_vq_detach(struct vdma_vq *vq)
{
	for (; vq->scan < vq->config.num; vq->scan++) {
		struct vdma_vq_slot *slot = &vq->slots[vq->scan];

		if (slot->state == VQ_FREE)
			continue;
		/* What can't be unmapped is lost with its address (domain.h) */
		vdma_vq_unmap_pieces(vq, vq->scan, slot->count);
		slot->state = VQ_FREE;
		return slot->token;
	}
	return NULL;
}
