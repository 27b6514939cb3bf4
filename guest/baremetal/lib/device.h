/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Virtio devices of this machine, with the domain that a test asks for. */
#ifndef GUEST_DEVICE_H
#define GUEST_DEVICE_H

#include <vdma/audit.h>
#include <vdma/bounce.h>
#include <vdma/hcall.h>
#include <vdma/policy.h>
#include <vdma/tce.h>
#include <vdma/virtio_dev.h>

#include "pci.h"
#include "spinlock.h"

/* Virtio 1.2, 5: device types */
#define TYPE_NET	1
#define TYPE_BLK	2
#define TYPE_RNG	4

/* Time limit for a device; no test runs into it on purpose. */
#define DEVICE_LIMIT_NS	20000000000ull

/**
 * struct device_plan - how a device is to reach memory
 * @hv: makes hypercalls
 * @mode: "direct", "bypass", "identity", "tce", "bounce", "refuse", or "auto" to
 *	  decide
 * @window: modes tce and bounce: "default", or a page size of a dynamic window,
 *	    "4k", "64k", "2m" or "16m"
 * @reuse: mode tce: number of mappings to cache, a power of two; 0: no cache
 * @pool_kib: mode bounce: size of the pool; 0: VDMA_BOUNCE_SIZE
 */
struct device_plan {
	const struct vdma_hv_ops *hv;
	const char *mode;
	const char *window;
	uint32_t reuse;
	uint32_t pool_kib;
};

/**
 * struct device - a virtio device and how it reaches memory
 * @pci: its function
 * @virtio: its transport
 * @offered: features that it offers
 * @decision: with the mode "auto", the decision
 * @mode: the mode of @domain
 * @domain: how it reaches memory
 * @audit: the record of @domain
 * @fault: the last fault that @audit reported
 * @expected_faults: number of faults that the test provokes
 */
struct device {
	const struct pci_function *pci;
	struct vdma_virtio virtio;
	uint64_t offered;
	struct vdma_decision decision;
	enum vdma_mode mode;
	struct vdma_domain *domain;
	struct vdma_audit audit;
	struct vdma_audit_report fault;
	uint32_t expected_faults;

	/* private: */
	struct device_plan plan;
	struct vdma_domain linear;
	struct vdma_tce_domain tce;
	struct vdma_tce_window window;
	bool dynamic;
	struct vdma_bounce bounce;
	struct spinlock bounce_spin;
	struct vdma_lock bounce_lock;
	void *bounce_private;
	size_t bounce_private_len;
	struct spinlock tce_spin;
	struct vdma_lock tce_lock;
	void *tce_private;
	size_t tce_private_len;
	struct vdma_audit_node *nodes;
	struct spinlock audit_spin;
	struct vdma_lock audit_lock;
};

/* device_find() - function number @nth of a type, from 0; NULL if not found */
const struct pci_function *device_find(unsigned int type, unsigned int nth);

/* device_plan() - from the command line: mode=, window=, reuse=, pool= */
struct device_plan device_plan(void);

/**
 * device_open() - find a device and give it a domain
 * @device: filled in
 * @type: of the device
 * @nth: among those of its type, from 0
 * @plan: how it is to reach memory
 *
 * Bails out on any error: a test in another mode would prove nothing.
 */
void device_open(struct device *device, unsigned int type, unsigned int nth,
		 const struct device_plan *plan);

/**
 * device_close() - free a device's domain and report the audit's result
 * @device: reset, with all its memory freed
 */
void device_close(struct device *device);

/* bounce_size() - size in bytes of the pool that a plan asks for */
uint64_t bounce_size(const struct device_plan *plan);

/*
 * bounce_open(), bounce_close() - set up and free a device's pool, which it reaches
 * through its tce domain, or directly if it has none; called by device_open() and
 * device_close()
 */
void bounce_open(struct device *device);
void bounce_close(struct device *device);

#endif /* GUEST_DEVICE_H */
