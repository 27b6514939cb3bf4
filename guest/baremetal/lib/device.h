/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Virtio devices of this machine, and the domain that a test wants for one. */
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

/* How long a device may take for anything; no test waits for it to pass. */
#define DEVICE_LIMIT_NS	20000000000ull

/**
 * struct device_plan - how a device is to reach memory
 * @hv: makes hypercalls
 * @mode: "direct", "bypass", "identity", "tce", "bounce", "refuse", or "auto":
 *	  as decided
 * @window: modes tce and bounce: "default", or a page size of a dynamic window,
 *	    "4k", "64k", "2m" or "16m"
 * @reuse: mode tce: mappings that are kept for reuse, a power of two; 0: none
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
 * @decision: with the mode "auto", what was decided and why
 * @mode: the mode of @domain
 * @domain: how it reaches memory
 * @audit: the record of @domain
 * @fault: what that has found last
 * @expected_faults: what the audit will have found, if the test is about that
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

/* device_find() - the @nth function of a type, from 0; NULL if not found */
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
 * Whatever is in its way ends the run: a test in another mode than it was
 * asked for would prove nothing.
 */
void device_open(struct device *device, unsigned int type, unsigned int nth,
		 const struct device_plan *plan);

/**
 * device_close() - end it, and report what the audit has found
 * @device: reset, all its memory given back
 */
void device_close(struct device *device);

/* bounce_size() - bytes of the pool that a plan asks for */
uint64_t bounce_size(const struct device_plan *plan);

/*
 * bounce_open(), bounce_close() - a pool for a device, reached through its tce
 * domain if it has one, or else directly; part of device_open() and
 * device_close()
 */
void bounce_open(struct device *device);
void bounce_close(struct device *device);

#endif /* GUEST_DEVICE_H */
