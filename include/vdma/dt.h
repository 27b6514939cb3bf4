/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Facts from a flattened device tree: finds PCI functions below PHBs and bridges, and
 * collects the tree's facts about them for vdma_decide().
 *
 * Allocates nothing, and accepts any bytes: a damaged tree is an error, never a fault. The
 * time is linear in the size of the tree.
 */
#ifndef VDMA_DT_H
#define VDMA_DT_H

#include <vdma/policy.h>

/* Maximum depth of a function's node; maximum length of its path, including the NUL */
#define VDMA_DT_DEPTH		32
#define VDMA_DT_PATH_MAX	1024

/* name, key, meaning: facts that a tree need not contain */
#define VDMA_DT_FACTS(X)						\
	X(F,	    "f",	"device offers VIRTIO_F_ACCESS_PLATFORM") \
	X(V1,	    "v1",	"device offers VIRTIO_F_VERSION_1")	\
	X(HCALL,    "hcall",	"hypervisor's answer to H_DMA_BYPASS")	\
	X(DDW,	    "ddw",	"dynamic DMA windows")			\
	X(MASK,	    "mask",	"bits of the driver's DMA mask")	\
	X(COHERENT, "coherent", "device's DMA is coherent")		\
	X(IOMMU_OFF, "iommu-off", "kernel sets up no IOMMU")		\
	X(SECURE,   "secure",	"guest is a secure VM")			\
	X(QUIRK,    "quirk",	"devices without F may bounce in a secure guest") \
	X(POOL,	    "pool",	"there is a pool to bounce through")	\
	X(MODE,	    "mode",	"mode that the administrator asks for")	\
	X(LIVE,	    "live",	"mode that a bound driver runs with")

enum vdma_dt_fact {
#define VDMA_DT_FACT_ENUM(name, key, text) VDMA_DT_##name,
	VDMA_DT_FACTS(VDMA_DT_FACT_ENUM)
#undef VDMA_DT_FACT_ENUM
	VDMA_DT_FACT_COUNT,
};

/**
 * vdma_dt_fact_key() - word for a fact, as on vdmactl's command line
 * @fact: the fact
 *
 * Return: a constant string; "?" for an unknown number.
 */
const char *vdma_dt_fact_key(enum vdma_dt_fact fact);

/**
 * vdma_dt_fact_text() - short description of a fact
 * @fact: the fact
 *
 * Return: a constant string; "?" for an unknown number.
 */
const char *vdma_dt_fact_text(enum vdma_dt_fact fact);

/**
 * enum vdma_dt_source - where a fact comes from
 * @VDMA_DT_DEFAULT: unknown; the usual case is assumed
 * @VDMA_DT_TREE: the device tree
 * @VDMA_DT_GIVEN: the caller's assumptions
 */
enum vdma_dt_source {
	VDMA_DT_DEFAULT,
	VDMA_DT_TREE,
	VDMA_DT_GIVEN,
};

/**
 * struct vdma_dt - a device tree that was checked
 * @fdt: the blob, which must not change while this is in use
 * @memory_end: first address beyond all memory that the partition has (memory nodes) or
 *		can have (LoPAR, /rtas "ibm,lrdr-capacity"); all ones if the tree has
 *		neither
 * @hcall_announced: /rtas "ibm,hypertas-functions" lists hcall-dma-bypass
 * @ddw_disabled: /chosen bootargs have disable_ddw
 * @iommu_off: /chosen bootargs have iommu=off, or /chosen has "linux,iommu-off", which
 *	       Linux adds for it
 */
struct vdma_dt {
	const void *fdt;
	uint64_t memory_end;
	bool hcall_announced;
	bool ddw_disabled;
	bool iommu_off;
};

/**
 * struct vdma_dt_function - a PCI function, as its node describes it
 * @path: full path of its node; in the cursor, valid until it moves
 * @node: offset of its node, for libfdt, since a path may match several nodes
 * @buid: unit identifier of its PHB
 * @domain: Linux's PCI domain of the PHB
 * @config_addr: bus << 16 | devfn << 8
 * @addressed: @config_addr is valid; false if "reg" is missing or damaged
 * @vendor: PCI vendor
 * @device: PCI device
 * @virtio: it is a virtio function
 * @transitional: it is a virtio function with a legacy interface
 * @property: the tag by firmware
 * @property_window: the tag's window, if valid
 * @ddw: dynamic windows are supported (LoPAR 7.3.28, "ibm,ddw-applicable")
 * @ddw_window: window that a kernel has recorded in this tree, or size 0
 * @noncoherent: its node or one above it has "dma-noncoherent"
 */
struct vdma_dt_function {
	const char *path;
	int node;
	uint64_t buid;
	uint32_t domain;
	uint32_t config_addr;
	bool addressed;
	uint16_t vendor;
	uint16_t device;
	bool virtio;
	bool transitional;
	enum vdma_property property;
	struct vdma_window property_window;
	bool ddw;
	struct vdma_window ddw_window;
	bool noncoherent;
};

/* Properties that child nodes inherit; private to the cursor */
struct vdma_dt_level {
	size_t path_len;
	bool in_phb;
	uint64_t buid;
	bool ddw;
	struct vdma_window ddw_window;
	bool noncoherent;
};

/**
 * struct vdma_dt_cursor - a position in a tree; about 3 KiB
 *
 * All members are private.
 */
struct vdma_dt_cursor {
	const struct vdma_dt *dt;
	int node;
	int depth;
	struct vdma_dt_level level[VDMA_DT_DEPTH];
	char path[VDMA_DT_PATH_MAX];
};

/**
 * struct vdma_dt_assume - facts that the caller knows, or wants to try
 * @given: bit mask of the given facts, 1 << fact; they override the tree
 * @facts: their values. HCALL: @facts.answer and, if granted, @facts.answer_window; size 0
 *	   stands for the property's window. DDW: @facts.ddw and @facts.ddw_window; size 0
 *	   stands for a window on all memory
 */
struct vdma_dt_assume {
	uint32_t given;
	struct vdma_facts facts;
};

/**
 * vdma_dt_open() - check a device tree and read its global facts
 * @dt: filled in
 * @fdt: the blob, aligned to 8 bytes
 * @size: bytes that may be read there
 *
 * Return: VDMA_OK; VDMA_E_NO_TREE if this is not a flattened device tree; VDMA_E_BAD_TREE
 * if the tree is truncated, damaged, or older than version 16.
 */
int vdma_dt_open(struct vdma_dt *dt, const void *fdt, size_t size);

/**
 * vdma_dt_start() - put a cursor before the first function
 * @cursor: filled in
 * @dt: an open tree, used by the cursor from now on
 */
void vdma_dt_start(struct vdma_dt_cursor *cursor, const struct vdma_dt *dt);

/**
 * vdma_dt_next() - find the next PCI function other than a bridge
 * @cursor: moved to it
 * @fn: filled in if found
 *
 * Return: 1 if found; 0 at the end; VDMA_E_DEEP if a node below a PHB is nested too deeply
 * or its path is too long; VDMA_E_BAD_TREE.
 */
int vdma_dt_next(struct vdma_dt_cursor *cursor, struct vdma_dt_function *fn);

/**
 * vdma_dt_facts() - all facts about a function
 * @dt: the tree
 * @fn: the function
 * @assume: facts added by the caller, or NULL
 * @facts: filled in
 * @source: filled in with the source of each fact, or NULL
 *
 * The defaults: a device offers ACCESS_PLATFORM if it is tagged, and not otherwise; it
 * offers VERSION_1; a hypervisor that announces H_DMA_BYPASS grants the tag's window; a
 * dynamic window covers memory where such windows are supported; the DMA mask has 64 bits;
 * the guest is not secure, and has a pool and the quirk; no driver is bound yet.
 */
void vdma_dt_facts(const struct vdma_dt *dt, const struct vdma_dt_function *fn,
		   const struct vdma_dt_assume *assume,
		   struct vdma_facts *facts,
		   enum vdma_dt_source source[VDMA_DT_FACT_COUNT]);

#endif /* VDMA_DT_H */
