/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Internals of virtio_dma_policy.ko, from the top down: no file calls one above it
 * (tests/linux/test_layers.py).
 *
 *	main.c		start and stop
 *	shutdown.c	resets devices before kexec
 *	notify.c	notices devices that come, go, bind and unbind
 *	phb_hook.c	replaces the PHBs' iommu_bypass_supported()
 *	sysfs.c		shows the record
 *	features.c	wraps the configuration operations: refuses a device, or makes the
 *			virtio core use the DMA API; limits features, requests and rings
 *	device.c	the record of each device: decides and carries out
 *	facts.c		collects the facts of one device
 *	common_cfg.c	the common configuration of a device
 *	map_ops.c	mode bounce: keeps drivers from mapping buffers by themselves
 *	dma_ops.c	mode bounce: the operations that drivers call
 *	pool.c		mode bounce: a device's pool
 *	limits.c	mode bounce: limits that keep requests within the pool
 *	params.c	the administrator's requests
 *	later.c		frees memory that another CPU may still use
 *
 * Except in mode bounce the module adds no code to a data path: it answers the question
 * "may this device use the direct mapping?" and says where that mapping starts.
 */
#ifndef VDP_H
#define VDP_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/pci.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <vdma/hcall.h>
#include <vdma/policy.h>

/* All messages about a device begin like this. */
#undef dev_fmt
#define dev_fmt(fmt) "virtio DMA: " fmt

struct vdp_pool;

/**
 * struct vdp_later - part of an object that is freed by vdp_free_later()
 * @node: in the list of these
 * @free: frees the object
 */
struct vdp_later {
	struct llist_node node;
	void (*free)(struct vdp_later *later);
};

/**
 * struct vdp_config - wrapped configuration operations of a virtio device
 * @ops: the transport's operations, some of them replaced
 * @original: the transport's operations
 * @offered: the device offers ACCESS_PLATFORM
 * @refuse: why no driver may use the device, or NULL
 */
struct vdp_config {
	struct virtio_config_ops ops;
	const struct virtio_config_ops *original;
	bool offered;
	const char *refuse;
};

typedef bool (*vdp_bypass_supported_fn)(struct pci_dev *pdev, u64 mask);

/**
 * struct vdp_device - the record of a virtio function
 * @node: in the list of all records
 * @pdev: the function; the record holds a reference
 * @vdev: its virtio device while that is on its bus
 * @shown: @vdev has our sysfs files
 * @fn: its name in hypercalls
 * @bypass_supported: the kernel's own function for its PHB, or NULL
 * @facts: the facts that the decision is based on
 * @decision: the decision in force
 * @window: the window that its DMA goes through; size 0 for none
 * @pool: its pool in mode bounce, or NULL
 * @config: used if it offers ACCESS_PLATFORM, bounces or is refused
 * @hcalls: H_DMA_BYPASS calls made for it
 * @decided: @decision is valid
 * @bypass_enabled: the hypervisor has its bypass window open
 * @later: to free it
 */
struct vdp_device {
	struct list_head node;
	struct pci_dev *pdev;
	struct virtio_device *vdev;
	bool shown;
	struct vdma_function fn;
	vdp_bypass_supported_fn bypass_supported;
	struct vdma_facts facts;
	struct vdma_decision decision;
	struct vdma_window window;
	struct vdp_pool *pool;
	struct vdp_config config;
	u64 hcalls;
	bool decided;
	bool bypass_enabled;
	struct vdp_later later;
};

/* params.c */
int vdp_params_check(void);
enum vdma_mode vdp_params_request(const struct pci_dev *pdev);
bool vdp_params_secure_quirk(void);
u64 vdp_params_pool_size(void);

/* phb_hook.c */
void vdp_phb_hook(struct pci_dev *pdev);
void vdp_phb_hook_all(void);
void vdp_phb_unhook_all(void);
struct vdp_device *vdp_phb_device(struct pci_dev *pdev);

/* notify.c */
int vdp_notify_start(void);
void vdp_notify_list(void);
void vdp_notify_stop(void);

/* facts.c */
void vdp_facts_collect(struct vdp_device *dev);
void vdp_facts_ddw(struct vdp_device *dev, bool granted);
bool vdp_facts_ddw_open(const struct vdp_device *dev);
void vdp_facts_live(struct vdp_device *dev);
void vdp_facts_answer(struct vdp_device *dev, int error,
		      const struct vdma_bypass *reply);
struct vdma_hv_ops vdp_hv_ops(struct vdp_device *dev);

/* common_cfg.c */
u64 vdp_common_features(struct pci_dev *pdev, struct virtio_device *vdev);
void vdp_common_limit_rings(struct pci_dev *pdev,
			    u16 (*ring_max)(const void *ctx, unsigned int rings,
					    unsigned int index),
			    const void *ctx);

/* device.c; all but the first three need the lock */
void vdp_lock(void);
void vdp_unlock(void);
bool vdp_device_handles(const struct pci_dev *pdev);
struct vdp_device *vdp_device_find(const struct pci_dev *pdev);
struct vdp_device *vdp_device_get(struct pci_dev *pdev);
bool vdp_device_mask(struct vdp_device *dev, u64 mask);
void vdp_device_added(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_device_adopt_bound(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_device_unbound(struct vdp_device *dev);
void vdp_device_quiesce_all(void);
void vdp_device_drop(struct vdp_device *dev);
struct vdp_device *vdp_device_first(void);

/* limits.c */

/**
 * struct vdp_limit_field - a field of a device's configuration that limits requests
 * @offset: in bytes
 * @size: in bytes, 2 or 4
 * @max: maximum of its value
 * @replace_0: 0 means no limit
 */
struct vdp_limit_field {
	unsigned int offset;
	unsigned int size;
	u64 max;
	bool replace_0;
};

#define VDP_LIMIT_FIELDS 3

unsigned int vdp_virtio_id(const struct pci_dev *pdev);
u64 vdp_limits_pool(unsigned int id);
u64 vdp_limits_mapping(unsigned int id, u64 size);
u64 vdp_limits_rx(unsigned int id, u64 size);
unsigned int vdp_limits_fields(unsigned int id, u64 size, u64 mapping,
			       bool indirect,
			       struct vdp_limit_field fields[VDP_LIMIT_FIELDS]);
u64 vdp_limits_pairs(u64 size, bool merged);
u16 vdp_limits_ring(unsigned int id, u64 size, unsigned int rings,
		    unsigned int index, bool indirect);

/* features.c */
void vdp_features_apply(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_features_apply_non_pci(struct virtio_device *vdev);
void vdp_features_undo(struct virtio_device *vdev);
void vdp_features_stop(void);

/* map_ops.c */
void vdp_map_ops_set(struct virtio_device *vdev);
void vdp_map_ops_clear(struct virtio_device *vdev);

/* dma_ops.c */
extern const struct dma_map_ops vdp_dma_ops;

/* sysfs.c */
int vdp_sysfs_add(struct virtio_device *vdev);
void vdp_sysfs_remove(struct virtio_device *vdev);

/* shutdown.c */
void vdp_shutdown_start(void);
void vdp_shutdown_stop(void);

/* later.c */
void vdp_free_later(struct vdp_later *later,
		    void (*free)(struct vdp_later *later));
void vdp_later_flush(void);

#endif /* VDP_H */
