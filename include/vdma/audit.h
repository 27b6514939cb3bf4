/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The audit: a record of all mappings, and a report of every address that a
 * device was handed without a mapping that allows it.
 *
 * With VDMA_AUDIT defined, domains (domain.h) record their mappings, and rings
 * check each descriptor that they write; without it no code is left of that.
 * The functions themselves are always there.
 *
 * The record is a balanced search tree (a treap) over the nodes that the
 * caller has given, ordered by DMA address, where each node knows the highest
 * address below it. With n live mappings, entering, removing and checking each
 * take O(log n) steps on average, and a node is 64 bytes. Checking takes longer
 * only where mappings overlap, which in direct and bypass they may. Unmapped
 * nodes stay as a history until they are needed again, so that a fault can
 * name the place that unmapped; looking there is linear, and done for faults
 * only.
 */
#ifndef VDMA_AUDIT_H
#define VDMA_AUDIT_H

#include <vdma/domain.h>
#include <vdma/types.h>

/* name, text */
#define VDMA_FAULTS(X)							  \
	X(LEAK,		 "was never unmapped")				  \
	X(NOT_MAPPED,	 "was handed to the device and never mapped")	  \
	X(AFTER_UNMAP,	 "was handed to the device after it was unmapped") \
	X(DIRECTION,	 "was handed to the device for the other direction") \
	X(BEYOND,	 "was handed to the device beyond its mapping's end") \
	X(DOUBLE_UNMAP,	 "was unmapped twice")				  \
	X(UNKNOWN_UNMAP, "was unmapped and never mapped")		  \
	X(UNMAP_SIZE,	 "was unmapped with another size")		  \
	X(UNMAP_DIRECTION, "was unmapped with another direction")	  \
	X(RECORD_FULL,	 "does not fit into the audit's record; faults may go unseen")

enum vdma_fault {
#define VDMA_FAULT_ENUM(name, text) VDMA_FAULT_##name,
	VDMA_FAULTS(VDMA_FAULT_ENUM)
#undef VDMA_FAULT_ENUM
	VDMA_FAULT_COUNT,
};

/**
 * struct vdma_audit_report - one fault
 * @fault: kind of fault
 * @dma: address that was unmapped or handed out; for a leak, the mapping's
 * @len: its length
 * @dir: its direction
 * @where: the call that is wrong; NULL for a leak, or if not known
 * @mapping_dma: DMA address of the mapping; 0 if unknown
 * @mapping_len: its length; 0 if unknown
 * @mapping_dir: its direction
 * @mapped: the call that mapped it; NULL if unknown
 * @unmapped: the call that unmapped it; NULL if none did
 */
struct vdma_audit_report {
	enum vdma_fault fault;
	uint64_t dma;
	uint64_t len;
	enum vdma_dir dir;
	const char *where;
	uint64_t mapping_dma;
	uint64_t mapping_len;
	enum vdma_dir mapping_dir;
	const char *mapped;
	const char *unmapped;
};

/* A mapping, live or past. */
struct vdma_audit_node {
	uint64_t start;
	uint64_t last;
	uint64_t max_last;
	const char *mapped;
	const char *unmapped;
	struct vdma_audit_node *left;
	struct vdma_audit_node *right;
	uint32_t priority;
	uint8_t dir;
};

/**
 * struct vdma_audit_counts - figures of a record
 * @live: mappings now
 * @live_max: most there ever were
 * @total: faults
 * @faults: how many of each kind
 */
struct vdma_audit_counts {
	uint32_t live;
	uint32_t live_max;
	uint32_t total;
	uint32_t faults[VDMA_FAULT_COUNT];
};

/**
 * struct vdma_audit - the record of one domain
 * @lock: taken around each call; may be NULL
 * @report: called for each fault, under @lock
 * @ctx: handed to @report
 *
 * The rest is the audit's own.
 */
struct vdma_audit {
	const struct vdma_lock *lock;
	void (*report)(void *ctx, const struct vdma_audit_report *report);
	void *ctx;

	/* private: */
	struct vdma_audit_counts counts;
	struct vdma_audit_node *root;
	struct vdma_audit_node *oldest;
	struct vdma_audit_node *newest;
	uint32_t random;
};

/**
 * vdma_audit_init() - begin an empty record
 * @audit: set up
 * @nodes: memory for the mappings, the audit's from now on
 * @count: how many; at least as many as can be live at once
 * @report: called for each fault
 * @ctx: handed to @report
 * @lock: taken around each call, or NULL
 */
void vdma_audit_init(struct vdma_audit *audit, struct vdma_audit_node *nodes,
		     uint32_t count,
		     void (*report)(void *ctx,
				    const struct vdma_audit_report *report),
		     void *ctx, const struct vdma_lock *lock);

/**
 * vdma_audit_map() - enter a mapping
 * @audit: the record
 * @dma: its first address
 * @len: its length in bytes, at least 1
 * @dir: access that the device has
 * @where: the call that mapped it; a constant string, or NULL
 *
 * Mappings may overlap and be equal.
 */
void vdma_audit_map(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		    enum vdma_dir dir, const char *where);

/**
 * vdma_audit_unmap() - remove a mapping
 * @audit: the record
 * @dma: its first address
 * @len: its length
 * @dir: its direction
 * @where: the call that unmaps it
 *
 * Reports a mismatch; a mapping that begins at @dma and has another
 * size or direction is removed all the same.
 */
void vdma_audit_unmap(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where);

/**
 * vdma_audit_check() - may the device be handed this?
 * @audit: the record
 * @dma: first address
 * @len: how far the device will go
 * @dir: access that it will make
 * @where: the call that hands it out
 *
 * Reports it unless one live mapping holds all of it and allows @dir.
 *
 * Return: true if one does.
 */
bool vdma_audit_check(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where);

/**
 * vdma_audit_finish() - report every mapping that is live as a leak
 * @audit: the record, unchanged
 *
 * Return: how many there are.
 */
uint32_t vdma_audit_finish(struct vdma_audit *audit);

/**
 * vdma_audit_count() - figures of a record
 * @audit: the record
 * @counts: filled in; of use also while others map and unmap
 */
void vdma_audit_count(const struct vdma_audit *audit,
		      struct vdma_audit_counts *counts);

/**
 * vdma_fault_text() - describe a fault
 * @fault: the fault
 *
 * Return: the end of a sentence that begins with the address, without a full
 * stop.
 */
const char *vdma_fault_text(enum vdma_fault fault);

#ifdef VDMA_AUDIT
#define VDMA_AUDIT_HOOK(name)						\
static inline void vdma_audit_hook_##name(struct vdma_domain *domain,	\
					  uint64_t dma, uint64_t len,	\
					  enum vdma_dir dir,		\
					  const char *where)		\
{									\
	if (domain->audit)						\
		vdma_audit_##name(domain->audit, dma, len, dir, where);	\
}
#else
#define VDMA_AUDIT_HOOK(name)						\
static inline void vdma_audit_hook_##name(struct vdma_domain *domain,	\
					  uint64_t dma, uint64_t len,	\
					  enum vdma_dir dir,		\
					  const char *where)		\
{									\
	(void)domain;							\
	(void)dma;							\
	(void)len;							\
	(void)dir;							\
	(void)where;							\
}
#endif

/* Called by the library if built with VDMA_AUDIT; empty otherwise. */
VDMA_AUDIT_HOOK(map)
VDMA_AUDIT_HOOK(unmap)
VDMA_AUDIT_HOOK(check)

#endif /* VDMA_AUDIT_H */
