// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Mode bounce: sets up a pool of shared memory, and copies into and out of it.
 */
#include <vdma/bounce.h>
#include <vdma/error.h>
#include "container_of.h"
#include "slots.h"

/*
 * State of a record: direction of the mapping or STATE_ALLOC, 0 if the slot is free;
 * above that a counter of its uses.
 */
#define STATE_DIR   0x3u
#define STATE_ALLOC 0x4u
#define STATE_LIVE  (STATE_DIR | STATE_ALLOC)
#define STATE_USE   0x8u

#define WORD	      ((uint32_t)sizeof(uint64_t))
#define WORDS_AT_ONCE 8u

/* A header or a status byte is too short to be worth a call. */
#define SHORT 32u

/* No byte of a poison word is 0, which would mean success as a status byte. */
#define POISON 0x8080808080808080ull

/**
 * struct vdma_bounce_record - use of a slot
 * @phys: guest physical address of the buffer; of the slot itself, if allocated
 * @len: in bytes
 * @state: see STATE_DIR
 */
struct vdma_bounce_record {
	uint64_t phys;
	uint32_t len;
	uint32_t state;
};

static struct vdma_bounce *bounce_domain(struct vdma_domain *domain)
{
	return container_of(domain, struct vdma_bounce, domain);
}

static uint32_t bounce_cpu(const struct vdma_bounce *b)
{
	return b->config.cpu ? b->config.cpu(b->config.ctx) : 0;
}

static struct vdma_slot_cache *bounce_cache(const struct vdma_bounce *b)
{
	return vdma_slots_cache(b->slots, bounce_cpu(b));
}

static inline void *bounce_slot_cpu(const struct vdma_bounce *b, uint32_t slot)
{
	return (char *)b->shared.mem.cpu + ((size_t)slot << VDMA_SLOT_SHIFT);
}

static inline uint64_t bounce_slot_dma(const struct vdma_bounce *b,
				       uint32_t slot)
{
	return b->shared.mem.dma + ((uint64_t)slot << VDMA_SLOT_SHIFT);
}

/* The slot that contains an address; VDMA_SLOT_NONE if there is no such slot. */
static inline uint32_t bounce_find_slot(const struct vdma_bounce *b,
					uint64_t dma)
{
	uint64_t offset = dma - b->shared.mem.dma;

	if (offset >= b->config.size)
		return VDMA_SLOT_NONE;
	return vdma_slots_find(b->slots, (uint32_t)(offset >> VDMA_SLOT_SHIFT));
}

/* Records ------------------------------------------------------------------- */

static inline struct vdma_bounce_record *
bounce_record(const struct vdma_bounce *b, uint32_t slot)
{
	return &b->records[vdma_slots_record(b->slots, slot)];
}

/* Acquire: pairs with the release in bounce_record_begin(). */
static inline uint32_t bounce_record_state(const struct vdma_bounce_record *r)
{
	uint32_t state = __atomic_load_n(&r->state, VDMA_ACQUIRE);

	vdma_acquire_fence();
	return state;
}

/* Makes a record live; returns its state. */
static inline uint32_t bounce_record_begin(struct vdma_bounce_record *r,
					   uint64_t phys, uint64_t len,
					   uint32_t kind)
{
	uint32_t state = ((r->state & ~STATE_LIVE) + STATE_USE) | kind;

	r->phys = phys;
	r->len = (uint32_t)len;
	__atomic_store_n(&r->state, state, __ATOMIC_RELEASE);
	return state;
}

/*
 * Ends the record of the slot at @dma if it is live, of this length and kind; only one
 * caller succeeds, and has to free the slot. @state is set to its last state. Returns
 * VDMA_SLOT_NONE if there is no such record.
 */
static inline uint32_t bounce_record_end(struct vdma_bounce *b, uint64_t dma,
					 uint64_t len, uint32_t kind,
					 uint32_t *state)
{
	uint32_t slot = bounce_find_slot(b, dma);
	struct vdma_bounce_record *r;

	if (slot == VDMA_SLOT_NONE || bounce_slot_dma(b, slot) != dma)
		return VDMA_SLOT_NONE;
	r = bounce_record(b, slot);
	*state = bounce_record_state(r);
	if ((*state & STATE_LIVE) != kind || r->len != len ||
	    !__atomic_compare_exchange_n(&r->state, state, *state & ~STATE_LIVE,
					 false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return VDMA_SLOT_NONE;
	return slot;
}

/* Copying and poison -------------------------------------------------------- */

static void *bounce_default_copy(void *to, const void *from, size_t len)
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

static void *bounce_default_fill(uint64_t *to, uint64_t word, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		to[i] = word;
	return to;
}

static inline void bounce_copy(const struct vdma_bounce *b, void *to,
			       const void *from, size_t len)
{
	if (b->config.copy && len > SHORT)
		b->config.copy(to, from, len);
	else
		bounce_default_copy(to, from, len);
}

static void bounce_fill(const struct vdma_bounce *b, void *to, uint64_t word,
			size_t count)
{
	if (b->config.fill && count > SHORT / WORD)
		b->config.fill(to, word, count);
	else
		bounce_default_fill(to, word, count);
}

static void bounce_clear(const struct vdma_bounce *b, unsigned char *to,
			 uint32_t len)
{
	for (; len && (uintptr_t)to % WORD; len--)
		*to++ = 0;
	bounce_fill(b, to, 0, len / WORD);
	for (to += len / WORD * WORD, len %= WORD; len; len--)
		*to++ = 0;
}

/* The finalizer of splitmix64 */
static uint64_t bounce_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/*
 * The poison word of a slot for one use. If a program in the guest could predict it, it
 * could write it to a file, and reading the file back would leave what the buffer held
 * before.
 */
static inline uint64_t bounce_poison_word(const struct vdma_bounce *b,
					  uint32_t slot, uint32_t state)
{
	uint64_t use = (uint64_t)slot << 32 | (state & ~STATE_LIVE);

	return bounce_mix(bounce_mix(b->config.secret[0] + use) ^
			  b->config.secret[1]) |
	       POISON;
}

static void bounce_poison(const struct vdma_bounce *b, uint32_t slot,
			  uint64_t len, uint32_t state)
{
	bounce_fill(b, bounce_slot_cpu(b, slot),
		    bounce_poison_word(b, slot, state),
		    (size_t)(len + WORD - 1) / WORD);
}

static inline uint64_t bounce_word_at(const uint64_t *words, uint32_t n)
{
	return __atomic_load_n(&words[n], __ATOMIC_RELAXED);
}

/* Tests whether WORDS_AT_ONCE words from @n on are all @poison. */
static inline bool bounce_all_poison(const uint64_t *words, uint32_t n,
				     uint64_t poison)
{
	return !((bounce_word_at(words, n) ^ poison) |
		 (bounce_word_at(words, n + 1) ^ poison) |
		 (bounce_word_at(words, n + 2) ^ poison) |
		 (bounce_word_at(words, n + 3) ^ poison) |
		 (bounce_word_at(words, n + 4) ^ poison) |
		 (bounce_word_at(words, n + 5) ^ poison) |
		 (bounce_word_at(words, n + 6) ^ poison) |
		 (bounce_word_at(words, n + 7) ^ poison));
}

/*
 * Where the written part of [@from, @to) ends: after it there are only poison words. The
 * first of these counts as written: the device may have written part of it, with bytes
 * that happen to equal the poison.
 */
static uint32_t bounce_written_end(const uint64_t *words, uint64_t poison,
				   uint32_t from, uint32_t to)
{
	uint32_t first = from / WORD, n = (to + WORD - 1) / WORD;

	while (n >= first + WORDS_AT_ONCE &&
	       bounce_all_poison(words, n - WORDS_AT_ONCE, poison))
		n -= WORDS_AT_ONCE;
	while (n > first && bounce_word_at(words, n - 1) == poison)
		n--;
	return (n + 1) * WORD < to ? (n + 1) * WORD : to;
}

static void bounce_copy_in(struct vdma_bounce *b, struct vdma_slot_cache *cache,
			   uint32_t slot, const struct vdma_bounce_record *r,
			   uint32_t offset, uint32_t len)
{
	bounce_copy(b, (char *)bounce_slot_cpu(b, slot) + offset,
		    (void *)(uintptr_t)(r->phys + b->config.linear + offset),
		    len);
	__atomic_fetch_add(&cache->in, len, __ATOMIC_RELAXED);
}

static void bounce_clear_rest(struct vdma_bounce *b,
			      struct vdma_slot_cache *cache,
			      unsigned char *rest, uint32_t len)
{
	if (!b->config.clear_unwritten)
		return;
	bounce_clear(b, rest, len);
	__atomic_fetch_add(&cache->cleared, len, __ATOMIC_RELAXED);
}

static inline void bounce_copy_out(struct vdma_bounce *b,
				   struct vdma_slot_cache *cache, uint32_t slot,
				   const struct vdma_bounce_record *r,
				   uint32_t state, uint32_t offset,
				   uint32_t len)
{
	unsigned char *to = (void *)(uintptr_t)(r->phys + b->config.linear);
	uint32_t end = offset + len, stop = end;

	if ((state & STATE_DIR) == VDMA_FROM_DEVICE)
		stop = bounce_written_end(bounce_slot_cpu(b, slot),
					  bounce_poison_word(b, slot, state),
					  offset, end);
	bounce_copy(b, to + offset, (char *)bounce_slot_cpu(b, slot) + offset,
		    stop - offset);
	__atomic_fetch_add(&cache->out, stop - offset, __ATOMIC_RELAXED);
	if (stop < end)
		bounce_clear_rest(b, cache, to + stop, end - stop);
}

/* Mappings ------------------------------------------------------------------ */

int vdma_bounce_map(struct vdma_bounce *b, uint64_t phys, uint64_t len,
		    enum vdma_dir dir, unsigned int flags, uint32_t cpu,
		    uint64_t *dma)
{
	struct vdma_slot_cache *cache = vdma_slots_cache(b->slots, cpu);
	struct vdma_bounce_record *r;
	uint32_t slot, state;

	if (!len || len > b->domain.max_len)
		return VDMA_E_RANGE;
	slot = vdma_slots_alloc(b->slots, len, cache);
	if (slot == VDMA_SLOT_NONE) {
		__atomic_fetch_add(&b->full, 1, __ATOMIC_RELAXED);
		return VDMA_E_NO_SPACE;
	}
	r = bounce_record(b, slot);
	state = bounce_record_begin(r, phys, len, dir);
	if (dir == VDMA_FROM_DEVICE)
		bounce_poison(b, slot, len, state);
	else if (dir != VDMA_TO_DEVICE || !(flags & VDMA_BOUNCE_NO_COPY))
		bounce_copy_in(b, cache, slot, r, 0, (uint32_t)len);
	*dma = bounce_slot_dma(b, slot);
	return VDMA_OK;
}

int vdma_bounce_unmap(struct vdma_bounce *b, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, unsigned int flags, uint32_t cpu)
{
	uint32_t state, slot = bounce_record_end(b, dma, len, dir, &state);
	struct vdma_slot_cache *cache = vdma_slots_cache(b->slots, cpu);

	if (slot == VDMA_SLOT_NONE)
		return VDMA_E_INVALID;
	if (dir & VDMA_FROM_DEVICE && !(flags & VDMA_BOUNCE_NO_COPY))
		bounce_copy_out(b, cache, slot, bounce_record(b, slot), state,
				0, (uint32_t)len);
	vdma_slots_free(b->slots, slot, cache);
	return VDMA_OK;
}

int vdma_bounce_alloc(struct vdma_bounce *b, uint64_t len, uint64_t align,
		      struct vdma_memory *mem)
{
	uint64_t offset, i;
	uint32_t slot;

	*mem = (struct vdma_memory){ .len = 0 };
	if (!len || align < VDMA_BOUNCE_ALIGN_MIN || align & (align - 1))
		return VDMA_E_INVALID;
	if (len > b->config.size || align > b->config.size ||
	    (b->shared.mem.phys | b->shared.mem.dma) & (align - 1))
		return VDMA_E_RANGE;
	len = (len + VDMA_UNIT_SIZE - 1) & ~(VDMA_UNIT_SIZE - 1);
	slot = vdma_slots_alloc_aligned(b->slots, len, align);
	if (slot == VDMA_SLOT_NONE) {
		__atomic_fetch_add(&b->full, 1, __ATOMIC_RELAXED);
		return VDMA_E_NO_SPACE;
	}
	offset = (uint64_t)slot << VDMA_SLOT_SHIFT;
	mem->cpu = bounce_slot_cpu(b, slot);
	mem->phys = b->shared.mem.phys + offset;
	mem->dma = b->shared.mem.dma + offset;
	mem->len = len;
	for (i = 0; i < len / WORD; i++)
		((uint64_t *)mem->cpu)[i] = 0;
	bounce_record_begin(bounce_record(b, slot), mem->phys, len, STATE_LIVE);
	return VDMA_OK;
}

/* The domain's operations --------------------------------------------------- */

static int bounce_op_map(struct vdma_domain *domain, uint64_t phys,
			 uint64_t len, enum vdma_dir dir, uint64_t *dma)
{
	struct vdma_bounce *b = bounce_domain(domain);

	return vdma_bounce_map(b, phys, len, dir, 0, bounce_cpu(b), dma);
}

static int bounce_op_unmap(struct vdma_domain *domain, uint64_t dma,
			   uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = bounce_domain(domain);

	return vdma_bounce_unmap(b, dma, len, dir, 0, bounce_cpu(b));
}

/*
 * The slot of the mapping that contains [@dma, @dma + @len) and whose direction includes
 * one of @dir; VDMA_SLOT_NONE if there is no such mapping.
 */
static uint32_t bounce_find_mapping(const struct vdma_bounce *b, uint64_t dma,
				    uint64_t len, unsigned int dir,
				    uint32_t *offset, uint32_t *state)
{
	uint32_t slot = bounce_find_slot(b, dma);
	const struct vdma_bounce_record *r;

	if (slot == VDMA_SLOT_NONE)
		return VDMA_SLOT_NONE;
	r = bounce_record(b, slot);
	*state = bounce_record_state(r);
	*offset = (uint32_t)(dma - bounce_slot_dma(b, slot));
	if (*state & STATE_ALLOC || !(*state & dir) || *offset > r->len ||
	    len > r->len - *offset)
		return VDMA_SLOT_NONE;
	return slot;
}

static void bounce_op_sync_for_device(struct vdma_domain *domain, uint64_t dma,
				      uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = bounce_domain(domain);
	uint32_t offset, state, slot;

	slot = bounce_find_mapping(b, dma, len, dir & VDMA_TO_DEVICE, &offset,
				   &state);
	if (slot != VDMA_SLOT_NONE)
		bounce_copy_in(b, bounce_cache(b), slot, bounce_record(b, slot),
			       offset, (uint32_t)len);
}

static void bounce_op_sync_for_cpu(struct vdma_domain *domain, uint64_t dma,
				   uint64_t len, enum vdma_dir dir)
{
	struct vdma_bounce *b = bounce_domain(domain);
	uint32_t offset, state, slot;

	slot = bounce_find_mapping(b, dma, len, dir & VDMA_FROM_DEVICE, &offset,
				   &state);
	if (slot != VDMA_SLOT_NONE)
		bounce_copy_out(b, bounce_cache(b), slot,
				bounce_record(b, slot), state, offset,
				(uint32_t)len);
}

static int bounce_op_alloc(struct vdma_domain *domain, uint64_t len,
			   struct vdma_memory *mem)
{
	return vdma_bounce_alloc(bounce_domain(domain), len, VDMA_BOUNCE_ALIGN_MIN,
				 mem);
}

static void bounce_op_free(struct vdma_domain *domain, struct vdma_memory *mem)
{
	struct vdma_bounce *b = bounce_domain(domain);
	uint32_t state, slot = bounce_record_end(b, mem->dma, mem->len,
						 STATE_LIVE, &state);

	if (slot != VDMA_SLOT_NONE)
		vdma_slots_free(b->slots, slot, bounce_cache(b));
}

/* Setting up ---------------------------------------------------------------- */

#define PRIVATE_ALIGN ((size_t)128)

static size_t bounce_align(size_t size)
{
	return (size + PRIVATE_ALIGN - 1) & ~(PRIVATE_ALIGN - 1);
}

static bool bounce_valid(const struct vdma_bounce_config *c)
{
	return c->size && !(c->size & (VDMA_BOUNCE_SIZE_ALIGN - 1)) &&
	       c->size <= VDMA_BOUNCE_SIZE_MAX && c->cpus;
}

size_t vdma_bounce_private_size(const struct vdma_bounce_config *config)
{
	if (!bounce_valid(config))
		return 0;
	return bounce_align(sizeof(struct vdma_slots)) +
	       vdma_slots_size(config->size, config->cpus) +
	       vdma_slots_records(config->size) *
		       sizeof(struct vdma_bounce_record);
}

static uint64_t bounce_max_len(const struct vdma_bounce_config *c)
{
	uint64_t wanted = c->max_len ? c->max_len : VDMA_BOUNCE_MAX_LEN;

	return wanted < c->size / 2 ? wanted : c->size / 2;
}

static void bounce_set_up(struct vdma_bounce *b,
			  const struct vdma_bounce_config *config,
			  void *private_mem)
{
	static const struct vdma_domain_ops ops = {
		.map = bounce_op_map,
		.unmap = bounce_op_unmap,
		.sync_for_device = bounce_op_sync_for_device,
		.sync_for_cpu = bounce_op_sync_for_cpu,
		.alloc = bounce_op_alloc,
		.free = bounce_op_free,
	};
	char *mem = private_mem;
	uint32_t i;

	*b = (struct vdma_bounce){
		.domain = {
			.ops = &ops, .mode = VDMA_MODE_BOUNCE,
			.max_len = bounce_max_len(config),
		},
		.config = *config,
		.slots = private_mem,
	};
	mem += bounce_align(sizeof(*b->slots));
	vdma_slots_init(b->slots, config->size, config->cpus, config->lock,
			mem);
	mem += vdma_slots_size(config->size, config->cpus);
	b->records = (struct vdma_bounce_record *)mem;
	for (i = 0; i < vdma_slots_records(config->size); i++)
		b->records[i] = (struct vdma_bounce_record){ .len = 0 };
}

/* Memory that the device may still reach is leaked. */
static int bounce_free_memory(struct vdma_bounce *b, int unmap_error)
{
	const struct vdma_shared_mem_ops *memory = b->config.memory;

	if (!unmap_error)
		return memory->free(memory->ctx, &b->shared);
	memory->leak(memory->ctx, &b->shared);
	return unmap_error;
}

int vdma_bounce_init(struct vdma_bounce *b,
		     const struct vdma_bounce_config *config, void *private_mem)
{
	const struct vdma_shared_mem_ops *memory = config->memory;
	uint64_t dma = 0;
	int error;

	if (!bounce_valid(config))
		return VDMA_E_INVALID;
	bounce_set_up(b, config, private_mem);
	error = memory->alloc(memory->ctx, config->size, &b->shared);
	if (error)
		return error;
	error = vdma_domain_map(config->parent, b->shared.mem.phys,
				config->size, VDMA_BIDIRECTIONAL, &dma);
	if (error) {
		bounce_free_memory(b,
				   error == VDMA_E_TCE_STUCK ? error : VDMA_OK);
		return error;
	}
	b->shared.mem.dma = dma;
	return VDMA_OK;
}

int vdma_bounce_fini(struct vdma_bounce *b)
{
	int error;

	if (vdma_bounce_live(b))
		return VDMA_E_BUSY;
	error = vdma_domain_unmap(b->config.parent, b->shared.mem.dma,
				  b->config.size, VDMA_BIDIRECTIONAL);
	return bounce_free_memory(b, error);
}

uint64_t vdma_bounce_slot_bytes(uint64_t len)
{
	return vdma_slots_bytes(len);
}

uint32_t vdma_bounce_live(const struct vdma_bounce *b)
{
	uint64_t bytes;

	return vdma_slots_live(b->slots, &bytes);
}

void vdma_bounce_count(struct vdma_bounce *b, struct vdma_bounce_counts *counts)
{
	uint32_t i;

	*counts = (struct vdma_bounce_counts){
		.full = __atomic_load_n(&b->full, __ATOMIC_RELAXED),
	};
	for (i = 0; i < b->slots->caches; i++) {
		const struct vdma_slot_cache *cache = &b->slots->cache[i];

		counts->in += __atomic_load_n(&cache->in, __ATOMIC_RELAXED);
		counts->out += __atomic_load_n(&cache->out, __ATOMIC_RELAXED);
		counts->cleared +=
			__atomic_load_n(&cache->cleared, __ATOMIC_RELAXED);
	}
	counts->live = vdma_slots_live(b->slots, &counts->used);
	counts->used_max = vdma_slots_used_max(b->slots);
}
