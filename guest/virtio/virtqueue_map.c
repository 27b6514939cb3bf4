// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * A ring's buffers and the domain: mapping their pieces, and taking them back.
 */
#include <vdma/audit.h>

#include "vq.h"

static struct vdma_vq_piece *first_piece(struct vdma_vq *vq, uint16_t head)
{
	return vq->slots[head].in_table ? vq_table(vq, head) :
					  &vq->pieces[head];
}

static struct vdma_vq_piece *next_piece(struct vdma_vq *vq, uint16_t head,
					struct vdma_vq_piece *piece)
{
	return vq->slots[head].in_table ? piece + 1 : &vq->pieces[piece->next];
}

int vdma_vq_unmap_pieces(struct vdma_vq *vq, uint16_t head, uint16_t n)
{
	struct vdma_vq_piece *piece = first_piece(vq, head);
	int first = VDMA_OK;

	for (; n; n--) {
		int error = VDMA_OK;

		if (piece->mine)
			error = vdma_domain_unmap(vq->domain, piece->dma,
						  piece->len,
						  (enum vdma_dir)piece->dir);
		if (!error)
			piece->mine = false;
		else if (!first)
			first = error;
		if (n > 1)
			piece = next_piece(vq, head, piece);
	}
	return first;
}

static int map_piece(struct vdma_vq *vq, const struct vdma_sg *sg,
		     enum vdma_dir dir, struct vdma_vq_piece *piece,
		     const char *where)
{
	int error = VDMA_OK;

	piece->len = sg->len;
	piece->dir = dir;
	piece->mine = !sg->mapped;
	if (sg->mapped)
		piece->dma = sg->addr;
	else
		error = vdma_domain_map_at(vq->domain, sg->addr, sg->len, dir,
					   &piece->dma, where);
	if (!error)
		vdma_audit_hook_check(vq->domain, piece->dma, sg->len, dir,
				      where);
	return error;
}

int vdma_vq_map_pieces(struct vdma_vq *vq, uint16_t head,
		       const struct vdma_sg *sg, unsigned int out,
		       const char *where)
{
	struct vdma_vq_slot *slot = &vq->slots[head];
	struct vdma_vq_piece *piece = first_piece(vq, head);
	uint16_t i;

	slot->room = 0;
	for (i = 0; i < slot->count; i++) {
		enum vdma_dir dir = i < out ? VDMA_TO_DEVICE : VDMA_FROM_DEVICE;
		int error;

		if (i)
			piece = next_piece(vq, head, piece);
		error = map_piece(vq, &sg[i], dir, piece, where);
		if (error) {
			vdma_vq_unmap_pieces(vq, head, i);
			return error;
		}
		if (dir == VDMA_FROM_DEVICE)
			slot->room += sg[i].len;
	}
	return VDMA_OK;
}

uint16_t vdma_vq_last_desc(const struct vdma_vq *vq, uint16_t head)
{
	uint16_t n = vq->slots[head].descs;

	while (--n)
		head = vq->pieces[head].next;
	return head;
}
