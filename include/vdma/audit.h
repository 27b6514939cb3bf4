/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The audit: records all mappings, and reports every address that is handed to a device
 * without a mapping that allows it.
 *
 * With VDMA_AUDIT defined, domains (domain.h) record their mappings, and rings check each
 * descriptor that they write; otherwise no code is generated for this. The functions
 * themselves always exist.
 *
 * The record is a balanced search tree (a treap) of the caller's nodes, ordered by DMA
 * address; each node knows the highest address in its subtree. With n live mappings,
 * entering, removing and checking take O(log n) steps on average; a node has 64 bytes.
 * Checking takes longer only where mappings overlap, as they may in direct and bypass.
 * Unmapped nodes stay as a history until they are reused, so that a fault can name the
 * place that unmapped. The history is searched linearly, but for faults only.
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
 * @unmapped: the call that unmapped it; NULL if it is still mapped or unknown
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

/* A mapping, live or past */
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
 * struct vdma_audit_counts - statistics of a record
 * @live: live mappings
 * @live_max: maximum of @live
 * @total: number of faults
 * @faults: number of faults by kind
 */
struct vdma_audit_counts {
	uint32_t live;
	uint32_t live_max;
	uint32_t total;
	uint32_t faults[VDMA_FAULT_COUNT];
};

/**
 * struct vdma_audit - the record of one domain
 * @lock: held during each call; may be NULL
 * @report: called for each fault, under @lock
 * @ctx: passed to @report
 *
 * The other members are private.
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
 * vdma_audit_init() - start with an empty record
 * @audit: initialized
 * @nodes: memory for the mappings, owned by the audit from now on
 * @count: number of nodes, at least the maximum of live mappings
 * @report: called for each fault
 * @ctx: passed to @report
 * @lock: held during each call, or NULL
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
 * Mappings may overlap or be equal.
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
 * Reports a mismatch; a mapping that starts at @dma with another size or direction is
 * removed nevertheless.
 */
void vdma_audit_unmap(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where);

/**
 * vdma_audit_check() - check a range that is handed to the device
 * @audit: the record
 * @dma: first address
 * @len: its length in bytes
 * @dir: access that the device will make
 * @where: the call that hands it to the device
 *
 * Reports a fault unless one live mapping contains the whole range and allows @dir.
 *
 * Return: true if there is such a mapping.
 */
bool vdma_audit_check(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where);

/**
 * vdma_audit_finish() - report every live mapping as a leak
 * @audit: the record, unchanged
 *
 * Return: number of leaks.
 */
uint32_t vdma_audit_finish(struct vdma_audit *audit);

/**
 * vdma_audit_count() - statistics of a record
 * @audit: the record
 * @counts: filled in; usable while others map and unmap
 */
void vdma_audit_count(const struct vdma_audit *audit,
		      struct vdma_audit_counts *counts);

/**
 * vdma_fault_text() - describe a fault
 * @fault: the fault
 *
 * Return: the end of a sentence that starts with the address, without a full stop.
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

/* Called by the library if built with VDMA_AUDIT; empty otherwise */
VDMA_AUDIT_HOOK(map)
VDMA_AUDIT_HOOK(unmap)
VDMA_AUDIT_HOOK(check)

#endif /* VDMA_AUDIT_H */
