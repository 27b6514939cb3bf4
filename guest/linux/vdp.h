/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside of virtio_dma_policy.ko: who calls whom.
 *
 *	main.c		start and stop
 *	params.c	what the administrator asked for
 *	seam.c		takes over the PHBs' iommu_bypass_supported()
 *	notify.c	sees devices come, go, bind and unbind
 *	facts.c		collects the facts of one device
 *	device.c	a record for each device: decides and carries out
 *	pool.c		mode bounce: makes a device's pool
 *	pool_life.c	mode bounce: how long the device has it
 *	dma_ops.c	mode bounce: what the device's driver calls
 *	limits.c	mode bounce: requests and rings that fit the pool
 *	carry.c		mode bounce: features that it cannot carry
 *	quirk.c		has the virtio core obey: refuses, makes it use the DMA API
 *	sysfs.c		shows the record
 *	shutdown.c	leaves nothing behind for the next kernel
 *	later.c		frees what another CPU may still be using
 *
 * But for mode bounce the module adds no code to a data path: it answers the
 * question "may this device use the direct mapping?" and says where that mapping
 * begins.
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

struct vdp_pool;

/**
 * struct vdp_later - part of what is freed by vdp_free_later()
 * @node: in the list of those
 * @free: frees it
 */
struct vdp_later {
	struct llist_node node;
	void (*free)(struct vdp_later *later);
};

/**
 * struct vdp_config - what stands before a virtio device's transport
 * @ops: the transport's, but for finalize_features, del_vqs and, in mode bounce, get
 * @original: the transport's
 * @offered: the device offers ACCESS_PLATFORM
 * @refuse: why no driver gets the device, or NULL
 */
struct vdp_config {
	struct virtio_config_ops ops;
	const struct virtio_config_ops *original;
	bool offered;
	const char *refuse;
};

/**
 * struct vdp_device - what is known of one virtio function
 * @node: in the list of all records
 * @pdev: the function; the record holds a reference
 * @vdev: its virtio device while @vdev's sysfs files exist
 * @fn: its name in hypercalls
 * @facts: facts that the decision rests on
 * @decision: the decision in force
 * @window: the window that the device's DMA goes through; size 0 for none
 * @pool: its pool in mode bounce, or NULL
 * @config: in use for a device that offers ACCESS_PLATFORM, bounces or is refused
 * @hcalls: H_DMA_BYPASS calls made for it
 * @decided: @decision is valid
 * @bypass_open: the hypervisor has its bypass window open
 * @later: to free it
 */
struct vdp_device {
	struct list_head node;
	struct pci_dev *pdev;
	struct virtio_device *vdev;
	struct vdma_function fn;
	struct vdma_facts facts;
	struct vdma_decision decision;
	struct vdma_window window;
	struct vdp_pool *pool;
	struct vdp_config config;
	u64 hcalls;
	bool decided;
	bool bypass_open;
	struct vdp_later later;
};

/* params.c */
int vdp_params_check(void);
enum vdma_mode vdp_params_request(const struct pci_dev *pdev);
bool vdp_params_secure_quirk(void);
u64 vdp_params_pool_size(const struct pci_dev *pdev);

/* seam.c */
void vdp_seam_take(struct pci_dev *pdev);
void vdp_seam_take_all(void);
void vdp_seam_restore(void);
bool vdp_seam_original(struct pci_dev *pdev, u64 mask);
bool vdp_seam_has_original(struct pci_dev *pdev);

/* notify.c */
int vdp_notify_start(void);
void vdp_notify_list(void);
void vdp_notify_stop(void);

/* facts.c */
void __iomem *vdp_facts_map(struct vdp_device *dev);
void vdp_facts_features(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_facts_collect(struct vdp_device *dev);
void vdp_facts_ddw(struct vdp_device *dev, bool granted);
bool vdp_facts_ddw_open(const struct vdp_device *dev);
void vdp_facts_live(struct vdp_device *dev);
void vdp_facts_answer(struct vdp_device *dev, int error,
		      const struct vdma_bypass *reply);
struct vdma_gate vdp_gate(struct vdp_device *dev);

/* device.c; all but the first two want the lock */
void vdp_lock(void);
void vdp_unlock(void);
bool vdp_device_handles(const struct pci_dev *pdev);
struct vdp_device *vdp_device_find(const struct pci_dev *pdev);
struct vdp_device *vdp_device_get(struct pci_dev *pdev);
bool vdp_device_mask(struct vdp_device *dev, u64 mask);
void vdp_device_added(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_device_found_bound(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_device_unbound(struct vdp_device *dev);
void vdp_device_quiesce_all(void);
void vdp_device_drop(struct vdp_device *dev);
struct vdp_device *vdp_device_first(void);

/* limits.c */
unsigned int vdp_virtio_id(const struct pci_dev *pdev);
u64 vdp_limits_pool(const struct pci_dev *pdev);
u64 vdp_limits_mapping(const struct pci_dev *pdev, u64 size);
void vdp_limits_config(struct vdp_device *dev, struct virtio_device *vdev,
		       unsigned int offset, void *buf, unsigned int len);
void vdp_limits_features(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_limits_rings(struct vdp_device *dev);
u64 vdp_limits_receive_max(const struct pci_dev *pdev, u64 size);

/* carry.c */
void vdp_carry_limit(struct virtio_device *vdev);

/* quirk.c */
void vdp_quirk_apply(struct vdp_device *dev, struct virtio_device *vdev);
void vdp_quirk_foreign(struct virtio_device *vdev);
void vdp_quirk_undo(struct virtio_device *vdev);
void vdp_quirk_stop(void);

/* sysfs.c */
int vdp_sysfs_add(struct virtio_device *vdev);
void vdp_sysfs_remove(struct virtio_device *vdev);
void vdp_sysfs_announce(const struct vdp_device *dev);

/* shutdown.c */
void vdp_shutdown_start(void);
void vdp_shutdown_stop(void);

/* later.c */
void vdp_free_later(struct vdp_later *later,
		    void (*free)(struct vdp_later *later));
void vdp_later_flush(void);

#endif /* VDP_H */
