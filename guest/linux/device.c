// SPDX-License-Identifier: GPL-2.0
/*
 * A record for each virtio function: decides, carries out, remembers.
 */
#include <linux/slab.h>
#include <asm/iommu.h>
#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/virtio_pci.h>
#include "compat.h"
#include "pool.h"
#include "vdp.h"

static LIST_HEAD(devices);
static DEFINE_MUTEX(devices_lock);

void vdp_lock(void)
{
	mutex_lock(&devices_lock);
}

void vdp_unlock(void)
{
	mutex_unlock(&devices_lock);
}

/**
 * vdp_device_handles() - is this device ours to decide about?
 * @pdev: the device, its device lock held
 *
 * Only what virtio_pci drives: a function handed to vfio-pci keeps to the
 * kernel's rules.
 */
bool vdp_device_handles(const struct pci_dev *pdev)
{
	const struct device_driver *driver = READ_ONCE(pdev->dev.driver);

	return vdma_is_virtio(pdev->vendor, pdev->device) && driver &&
	       !strcmp(driver->name, "virtio-pci");
}

struct vdp_device *vdp_device_find(const struct pci_dev *pdev)
{
	struct vdp_device *dev;

	lockdep_assert_held(&devices_lock);
	list_for_each_entry(dev, &devices, node)
		if (dev->pdev == pdev)
			return dev;
	return NULL;
}

/**
 * vdp_device_get() - find or make the record of a function
 * @pdev: the function
 *
 * Context: may sleep.
 * Return: the record. Without memory it waits: a device about which nothing was
 * decided would be a way past the policy.
 */
struct vdp_device *vdp_device_get(struct pci_dev *pdev)
{
	struct vdp_device *dev = vdp_device_find(pdev);

	if (dev)
		return dev;
	dev = kzalloc(sizeof(*dev), GFP_KERNEL | __GFP_NOFAIL);
	dev->pdev = pci_dev_get(pdev);
	dev->facts.live = VDMA_MODE_AUTO;
	list_add_tail(&dev->node, &devices);
	return dev;
}

static void close_bypass(struct vdp_device *dev)
{
	struct vdma_gate gate = vdp_gate(dev);
	struct vdma_bypass reply;
	int error;

	if (!dev->bypass_open)
		return;
	error = vdma_bypass_disable(&gate, &dev->fn, &reply);
	if (error) {
		pci_warn(dev->pdev, "virtio DMA: closing the bypass window: %s (status %lld); it stays open\n",
			 vdma_strerror(error), reply.status);
		return;
	}
	dev->bypass_open = false;
	/* A driver that sets no mask must not go on through a closed window. */
	dev_clear_dma_ops_bypass(&dev->pdev->dev);
	dev->pdev->dev.archdata.dma_offset = 0;
}

/* Opens the window, or turns the failure into a fact. */
static bool open_bypass(struct vdp_device *dev)
{
	struct vdma_gate gate = vdp_gate(dev);
	struct vdma_bypass reply;
	int error;

	error = vdma_bypass_enable(&gate, &dev->fn,
				   &dev->facts.property_window, &reply);
	if (error) {
		pci_warn(dev->pdev, "virtio DMA: opening the bypass window: %s (status %lld); the IOMMU stays in force\n",
			 vdma_strerror(error), reply.status);
		vdp_facts_answer(dev, error, &reply);
		return false;
	}
	dev->bypass_open = true;
	dev->pdev->dev.archdata.dma_offset = reply.window.base;
	dev->pdev->dev.bus_dma_limit = 0;
	return true;
}

/* Makes the pool, or turns the failure into a fact. */
static bool open_pool(struct vdp_device *dev)
{
	bool iommu = vdma_facts_access_platform(&dev->facts);
	u64 size = vdp_params_pool_size(dev->pdev);
	int error;

	error = vdp_pool_get(dev->pdev, iommu, size, &dev->pool);
	if (error) {
		pci_err(dev->pdev, "virtio DMA: a pool of %llu KiB (pool_kib): %s; it has none\n",
			size >> 10, vdma_strerror(error));
		dev->facts.pool = false;
	}
	return !error;
}

static void close_pool(struct vdp_device *dev)
{
	if (dev->pool)
		vdp_pool_put(dev->pool);
	dev->pool = NULL;
}

static struct vdma_window window_of(const struct vdp_device *dev)
{
	const struct iommu_table *tbl = get_iommu_table_base(&dev->pdev->dev);

	switch (dev->decision.mode) {
	case VDMA_MODE_BYPASS:
		return dev->facts.property_window;
	case VDMA_MODE_IDENTITY:
		return dev->facts.ddw_window;
	case VDMA_MODE_TCE:
		if (!tbl)
			break;
		return (struct vdma_window){
			.base = (u64)tbl->it_offset << tbl->it_page_shift,
			.size = (u64)tbl->it_size << tbl->it_page_shift,
		};
	case VDMA_MODE_BOUNCE:
		return (struct vdma_window){
			.base = dev->pool->bounce.share.mem.dma,
			.size = dev->pool->bounce.share.mem.len,
		};
	default:
		break;
	}
	return (struct vdma_window){ 0, 0 };
}

/*
 * Asks the kernel for its dynamic window, which it makes at the first such
 * call, and gives what it said as a fact.
 */
static bool ask_ddw(struct vdp_device *dev, u64 mask)
{
	const struct device *device = &dev->pdev->dev;
	bool direct = vdp_seam_original(dev->pdev, mask);
	u64 limit = device->bus_dma_limit;

	/* The kernel maps memory above a limit by single TCEs. */
	vdp_facts_ddw(dev, direct &&
		      (!limit || limit - device->archdata.dma_offset >=
				 dev->facts.memory_end));
	return direct;
}

/*
 * Decides and carries out; a step that fails is a new fact, after which the
 * same mode cannot be chosen again. Dynamic windows are a fact that has to be
 * made, so they are asked for only where bypass does not answer the question.
 * Returns what the kernel wants to know: may the direct mapping at
 * archdata.dma_offset be used?
 */
static bool decide(struct vdp_device *dev, u64 mask)
{
	struct vdma_facts *f = &dev->facts;
	bool direct;

	f->dma_mask = mask;
	f->ddw = VDMA_DDW_ABSENT;
	/* An earlier answer's. */
	dev->pdev->dev.bus_dma_limit = 0;
	vdma_decide(f, &dev->decision);
	if (dev->decision.mode == VDMA_MODE_BOUNCE && !open_pool(dev))
		vdma_decide(f, &dev->decision);
	if (dev->decision.mode >= VDMA_MODE_BOUNCE) {
		close_bypass(dev);
		return false;
	}
	if (f->request != VDMA_MODE_IDENTITY &&
	    dev->decision.mode == VDMA_MODE_BYPASS) {
		if (open_bypass(dev))
			return true;
		vdma_decide(f, &dev->decision);
	}

	close_bypass(dev);
	if (dev->decision.mode == VDMA_MODE_TCE &&
	    dev->decision.reason == VDMA_REASON_REQUESTED)
		return false;
	/*
	 * What ignores the IOMMU ignores the answer too, but the kernel's
	 * other users of the DMA API get the one they always had.
	 */
	direct = ask_ddw(dev, mask);
	vdma_decide(f, &dev->decision);
	if (dev->decision.mode == VDMA_MODE_BYPASS) {
		/* Identity was asked for and cannot be had. */
		if (open_bypass(dev))
			return true;
		vdma_decide(f, &dev->decision);
	}
	return direct && dev->decision.mode <= VDMA_MODE_IDENTITY;
}

/* The same, and what becomes of it in the record and in the log */
static bool decide_and_tell(struct vdp_device *dev, u64 mask)
{
	enum vdma_mode before = dev->decision.mode;
	bool direct = decide(dev, mask);

	/* By a limit alone, the kernel maps directly whatever lies below it. */
	if (!direct)
		dev->pdev->dev.bus_dma_limit = 0;
	dev->window = window_of(dev);
	if (!dev->decided || before != dev->decision.mode)
		vdp_sysfs_announce(dev);
	dev->decided = true;
	return direct;
}

/* device_is_bound() is not exported by 6.1. */
static bool is_bound(const struct device *device)
{
	return device->links.status == DL_DEV_DRIVER_BOUND;
}

/**
 * vdp_device_mask() - answer a driver that sets its DMA mask
 * @dev: the record
 * @mask: the mask
 *
 * Asked several times for each probe; only a new mask is a new question. A
 * device that is already bound keeps what it has, whoever asks.
 *
 * Return: true if the direct mapping at archdata.dma_offset may be used.
 */
bool vdp_device_mask(struct vdp_device *dev, u64 mask)
{
	if (is_bound(&dev->pdev->dev) ||
	    (dev->decided && dev->facts.dma_mask == mask))
		return dev_dma_ops_bypass(&dev->pdev->dev);

	if (!dev->decided) {
		vdp_facts_features(dev, NULL);
		vdp_facts_collect(dev);
	}
	dev->facts.live = VDMA_MODE_AUTO;
	return decide_and_tell(dev, mask);
}

/* A device that goes on with what the kernel has set up; its facts are collected. */
static void describe(struct vdp_device *dev)
{
	dev->facts.dma_mask = dma_get_mask(&dev->pdev->dev);
	vdp_facts_live(dev);
	vdma_decide(&dev->facts, &dev->decision);
	dev->window = window_of(dev);
	dev->decided = true;
	vdp_sysfs_announce(dev);
}

/**
 * vdp_device_found_bound() - describe a device that virtio_pci has already
 * @dev: the record
 * @vdev: its virtio device
 *
 * It goes on with what it has, in a secure guest too.
 *
 * Context: with the locks of the function and of the virtio device.
 */
void vdp_device_found_bound(struct vdp_device *dev, struct virtio_device *vdev)
{
	vdp_facts_features(dev, vdev);
	vdp_facts_collect(dev);
	describe(dev);
	if (dev->facts.secure)
		pci_warn(dev->pdev, "virtio DMA: bound before this module was loaded, its DMA is not made safe until it is rebound\n");
}

/**
 * vdp_device_added() - decide about a virtio device if nothing was decided yet
 * @dev: the record
 * @vdev: its virtio device, which no driver has
 *
 * The kernel asks us when virtio_pci sets its DMA mask, but not with iommu=off,
 * and not if the module came after that. Only now is it known whether virtio_pci
 * uses the legacy interface. Outside of a secure guest, what the kernel has set up
 * is described: it is safe.
 *
 * Context: with the locks of the function and of the virtio device, or before
 * drivers see it.
 */
void vdp_device_added(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdma_facts *f = &dev->facts;
	bool version_1 = vdma_facts_version_1(f);

	vdp_facts_features(dev, vdev);
	if (dev->decided &&
	    (!f->secure || vdma_facts_version_1(f) == version_1))
		return;
	vdp_device_unbound(dev);
	vdp_facts_collect(dev);
	if (f->secure || f->iommu_off)
		decide_and_tell(dev, dma_get_mask(&dev->pdev->dev));
	else
		describe(dev);
}

/**
 * vdp_device_unbound() - the driver has left the device, or failed to take it
 * @dev: the record
 */
void vdp_device_unbound(struct vdp_device *dev)
{
	close_pool(dev);
	close_bypass(dev);
	dev->decided = false;
	dev->facts.live = VDMA_MODE_AUTO;
}

/**
 * vdp_device_quiesce_all() - end all DMA for good, close all windows
 *
 * Drivers stay bound, and may run on other CPUs. What they still ask of their
 * devices fails, so that none waits for an answer; a callback that has begun is
 * waited for.
 *
 * Context: the kernel is about to end, and probes no more. May sleep.
 */
void vdp_device_quiesce_all(void)
{
	struct vdp_device *dev;

	list_for_each_entry(dev, &devices, node) {
		if (!dev->vdev)
			continue;
		virtio_break_device(dev->vdev);
		virtio_synchronize_cbs(dev->vdev);
		virtio_reset_device(dev->vdev);
		close_bypass(dev);
	}
}

static void free_device(struct vdp_later *later)
{
	kfree(container_of(later, struct vdp_device, later));
}

void vdp_device_drop(struct vdp_device *dev)
{
	list_del(&dev->node);
	pci_dev_put(dev->pdev);
	vdp_free_later(&dev->later, free_device);
}

/* Any one of the records, or NULL. */
struct vdp_device *vdp_device_first(void)
{
	return list_first_entry_or_null(&devices, struct vdp_device, node);
}
