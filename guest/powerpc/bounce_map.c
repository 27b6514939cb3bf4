// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Mode bounce: what a map, an unmap and a sync copy, and what not.
 */
#include "bounce.h"

#define WORD	((uint32_t)sizeof(uint64_t))

/* What is as short as a header or a status byte is not worth a call. */
#define SHORT	32u

static void *library_copy(void *to, const void *from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	uint64_t word;

	for (; len >= WORD; len -= WORD, t += WORD, f += WORD) {
		__builtin_memcpy(&word, f, WORD);
		__builtin_memcpy(t, &word, WORD);
	}
	while (len--)
		*t++ = *f++;
	return to;
}

static void *library_fill(uint64_t *to, uint64_t word, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		to[i] = word;
	return to;
}

static inline void copy(const struct vdma_bounce *b, void *to, const void *from,
			size_t len)
{
	if (b->config.copy && len > SHORT)
		b->config.copy(to, from, len);
	else
		library_copy(to, from, len);
}

/* The finalizer of splitmix64 */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/*
 * The word that a slot is filled with. If a program in the guest could foresee
 * it, it could write it to a file, and reading that back would leave what was in
 * memory before. No byte of it is 0, which is success as a status byte.
 */
static inline uint64_t filler(const struct vdma_bounce *b, uint32_t slot,
			      uint32_t state)
{
	uint64_t use = (uint64_t)slot << 32 | (state & ~STATE_LIVE);

	return mix(mix(b->config.secret[0] + use) ^ b->config.secret[1]) |
	       0x8080808080808080ull;
}

static void store(const struct vdma_bounce *b, void *to, uint64_t word,
		  size_t count)
{
	if (b->config.fill && count > SHORT / WORD)
		b->config.fill(to, word, count);
	else
		library_fill(to, word, count);
}

static void fill(const struct vdma_bounce *b, uint32_t slot, uint64_t len,
		 uint32_t state)
{
	store(b, bounce_at(b, slot), filler(b, slot, state),
	      (size_t)(len + WORD - 1) / WORD);
}

static void clear(const struct vdma_bounce *b, unsigned char *to, uint32_t len)
{
	for (; len && (uintptr_t)to % WORD; len--)
		*to++ = 0;
	store(b, to, 0, len / WORD);
	for (to += len / WORD * WORD, len %= WORD; len; len--)
		*to++ = 0;
}

static void copy_in(struct vdma_bounce *b, struct vdma_slot_cache *mine,
		    uint32_t slot, const struct vdma_bounce_record *r,
		    uint32_t offset, uint32_t len)
{
	copy(b, (char *)bounce_at(b, slot) + offset,
	     (void *)(uintptr_t)(r->phys + b->config.linear + offset), len);
	__atomic_fetch_add(&mine->in, len, __ATOMIC_RELAXED);
}

static inline uint64_t word_at(const uint64_t *words, uint32_t n)
{
	return __atomic_load_n(&words[n], __ATOMIC_RELAXED);
}

#define WORDS_AT_ONCE	8u

/* Are so many words, from @n on, all @filler? */
static inline bool still_filled(const uint64_t *words, uint32_t n,
				uint64_t filler)
{
	return !((word_at(words, n) ^ filler) |
		 (word_at(words, n + 1) ^ filler) |
		 (word_at(words, n + 2) ^ filler) |
		 (word_at(words, n + 3) ^ filler) |
		 (word_at(words, n + 4) ^ filler) |
		 (word_at(words, n + 5) ^ filler) |
		 (word_at(words, n + 6) ^ filler) |
		 (word_at(words, n + 7) ^ filler));
}

/*
 * How much of [@from, @to) has to be copied out: all but the words at the end
 * that still are what they were filled with. The first of these goes along: the
 * device may have written less than the whole of it, and the same by chance.
 */
static uint32_t written(const uint64_t *words, uint64_t filler, uint32_t from,
			uint32_t to)
{
	uint32_t first = from / WORD, n = (to + WORD - 1) / WORD;

	while (n >= first + WORDS_AT_ONCE &&
	       still_filled(words, n - WORDS_AT_ONCE, filler))
		n -= WORDS_AT_ONCE;
	while (n > first && word_at(words, n - 1) == filler)
		n--;
	return (n + 1) * WORD < to ? (n + 1) * WORD : to;
}

/*
 * A driver takes the length of what has come from the device, and may send just
 * that back. In a secure guest, which keeps things from the device, what was not
 * written is cleared; in others the device's owner can read all memory anyway.
 */
static void clear_rest(struct vdma_bounce *b, struct vdma_slot_cache *mine,
		       unsigned char *rest, uint32_t len)
{
	if (!vdma_secure_on(b->config.secure))
		return;
	clear(b, rest, len);
	__atomic_fetch_add(&mine->cleared, len, __ATOMIC_RELAXED);
}

static inline void copy_out(struct vdma_bounce *b, struct vdma_slot_cache *mine,
			    uint32_t slot, const struct vdma_bounce_record *r,
			    uint32_t state, uint32_t offset, uint32_t len)
{
	unsigned char *to = (void *)(uintptr_t)(r->phys + b->config.linear);
	uint32_t end = offset + len, stop = end;

	if ((state & STATE_DIR) == VDMA_FROM_DEVICE)
		stop = written(bounce_at(b, slot), filler(b, slot, state),
			       offset, end);
	copy(b, to + offset, (char *)bounce_at(b, slot) + offset,
	     stop - offset);
	__atomic_fetch_add(&mine->out, stop - offset, __ATOMIC_RELAXED);
	if (stop < end)
		clear_rest(b, mine, to + stop, end - stop);
}

int vdma_bounce_map(struct vdma_bounce *b, uint64_t phys, uint64_t len,
		    enum vdma_dir dir, unsigned int flags, uint32_t cpu,
		    uint64_t *dma)
{
	struct vdma_slot_cache *mine = slot_cache(&b->slots, cpu);
	struct vdma_bounce_record *r;
	uint32_t slot, state;

	if (!len || len > b->domain.max_len)
		return VDMA_E_RANGE;
	slot = slot_take(&b->slots, len, mine);
	if (slot == VDMA_SLOT_NONE) {
		__atomic_fetch_add(&b->full, 1, __ATOMIC_RELAXED);
		return VDMA_E_NO_SPACE;
	}
	r = bounce_record(b, slot);
	state = bounce_begin(r, phys, len, dir);
	if (dir == VDMA_FROM_DEVICE)
		fill(b, slot, len, state);
	else if (dir != VDMA_TO_DEVICE || !(flags & VDMA_BOUNCE_NO_COPY))
		copy_in(b, mine, slot, r, 0, (uint32_t)len);
	*dma = bounce_dma(b, slot);
	return VDMA_OK;
}

int vdma_bounce_unmap(struct vdma_bounce *b, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, unsigned int flags, uint32_t cpu)
{
	uint32_t state, slot = bounce_end(b, dma, len, dir, &state);
	struct vdma_slot_cache *mine = slot_cache(&b->slots, cpu);

	if (slot == VDMA_SLOT_NONE)
		return VDMA_E_INVALID;
	if (dir & VDMA_FROM_DEVICE && !(flags & VDMA_BOUNCE_NO_COPY))
		copy_out(b, mine, slot, bounce_record(b, slot), state, 0,
			 (uint32_t)len);
	slot_give(&b->slots, slot, mine);
	return VDMA_OK;
}

int vdma_bounce_op_map(struct vdma_domain *domain, uint64_t phys, uint64_t len,
		       enum vdma_dir dir, uint64_t *dma)
{
	struct vdma_bounce *b = (struct vdma_bounce *)domain;

	return vdma_bounce_map(b, phys, len, dir, 0, bounce_cpu(b), dma);
}

int vdma_bounce_op_unmap(struct vdma_domain *domain, uint64_t dma,
			 uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = (struct vdma_bounce *)domain;

	return vdma_bounce_unmap(b, dma, len, dir, 0, bounce_cpu(b));
}

/*
 * The slot that holds a part of a mapping that goes in direction @dir, among
 * others; VDMA_SLOT_NONE if there is none.
 */
static uint32_t part(const struct vdma_bounce *b, uint64_t dma, uint64_t len,
		     unsigned int dir, uint32_t *offset, uint32_t *state)
{
	uint32_t slot = bounce_slot(b, dma);
	const struct vdma_bounce_record *r;

	if (slot == VDMA_SLOT_NONE)
		return VDMA_SLOT_NONE;
	r = bounce_record(b, slot);
	*state = bounce_state(r);
	*offset = (uint32_t)(dma - bounce_dma(b, slot));
	if (*state & STATE_ALLOC || !(*state & dir) || *offset > r->len ||
	    len > r->len - *offset)
		return VDMA_SLOT_NONE;
	return slot;
}

void vdma_bounce_op_for_device(struct vdma_domain *domain, uint64_t dma,
			       uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = (struct vdma_bounce *)domain;
	uint32_t offset, state, slot;

	slot = part(b, dma, len, dir & VDMA_TO_DEVICE, &offset, &state);
	if (slot != VDMA_SLOT_NONE)
		copy_in(b, bounce_cache(b), slot, bounce_record(b, slot), offset,
			(uint32_t)len);
}

void vdma_bounce_op_for_cpu(struct vdma_domain *domain, uint64_t dma,
			    uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = (struct vdma_bounce *)domain;
	uint32_t offset, state, slot;

	slot = part(b, dma, len, dir & VDMA_FROM_DEVICE, &offset, &state);
	if (slot != VDMA_SLOT_NONE)
		copy_out(b, bounce_cache(b), slot, bounce_record(b, slot),
			 state, offset, (uint32_t)len);
}
