// SPDX-License-Identifier: GPL-2.0
/*
 * The record of each virtio function: makes the decision, carries it out, remembers it.
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
 * vdp_device_handles() - does this module decide about a device?
 * @pdev: the device, its device lock held
 *
 * Only about functions bound to virtio_pci: one given to vfio-pci follows the kernel's
 * rules.
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
 * vdp_device_get() - find or create the record of a function
 * @pdev: the function
 *
 * Context: may sleep.
 * Return: the record. Waits if there is no memory: without a record a device would
 * bypass the policy.
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

static void device_disable_bypass(struct vdp_device *dev)
{
	struct vdma_hv_ops hv = vdp_hv_ops(dev);
	struct vdma_bypass reply;
	int error;

	if (!dev->bypass_enabled)
		return;
	error = vdma_bypass_disable(&hv, &dev->fn, &reply);
	if (error) {
		pci_warn(dev->pdev, "cannot disable bypass: %s (H_DMA_BYPASS: %lld); the window stays open\n",
			 vdma_strerror(error), reply.status);
		return;
	}
	dev->bypass_enabled = false;
	/* A driver that sets no mask must not use a closed window. */
	dev_clear_dma_ops_bypass(&dev->pdev->dev);
	dev->pdev->dev.archdata.dma_offset = 0;
}

/* Enables bypass, or turns the failure into a fact. */
static bool device_enable_bypass(struct vdp_device *dev)
{
	struct vdma_hv_ops hv = vdp_hv_ops(dev);
	struct vdma_bypass reply;
	int error;

	error = vdma_bypass_enable(&hv, &dev->fn,
				   &dev->facts.property_window, &reply);
	if (error) {
		pci_warn(dev->pdev, "cannot enable bypass: %s (H_DMA_BYPASS: %lld); staying behind the IOMMU\n",
			 vdma_strerror(error), reply.status);
		vdp_facts_answer(dev, error, &reply);
		return false;
	}
	dev->bypass_enabled = true;
	dev->pdev->dev.archdata.dma_offset = reply.window.base;
	dev->pdev->dev.bus_dma_limit = 0;
	return true;
}

/* Allocates the pool, or turns the failure into a fact. */
static bool device_get_pool(struct vdp_device *dev)
{
	bool iommu = vdma_facts_access_platform(&dev->facts);
	unsigned int id = vdp_virtio_id(dev->pdev);
	u64 size = vdp_params_pool_size() ?: vdp_limits_pool(id);
	const struct vdp_pool_limits limits = {
		.size = size,
		.mapping = vdp_limits_mapping(id, size),
		.rx = vdp_limits_rx(id, size),
	};
	int error;

	error = vdp_pool_get(dev->pdev, iommu, &limits, &dev->pool);
	if (error) {
		pci_err(dev->pdev, "cannot allocate %llu KiB bounce pool (pool_kib): %s\n",
			size >> 10, vdma_strerror(error));
		dev->facts.pool = false;
	}
	return !error;
}

static void device_put_pool(struct vdp_device *dev)
{
	if (dev->pool)
		vdp_pool_put(dev->pool);
	dev->pool = NULL;
}

static struct vdma_window device_window(const struct vdp_device *dev)
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
			.base = dev->pool->bounce.shared.mem.dma,
			.size = dev->pool->bounce.shared.mem.len,
		};
	default:
		break;
	}
	return (struct vdma_window){ 0, 0 };
}

/*
 * Asks the kernel for its dynamic window, which it creates on demand, and records the
 * answer as a fact. Returns true if the direct mapping is allowed.
 */
static bool device_ask_ddw(struct vdp_device *dev, u64 mask)
{
	const struct device *device = &dev->pdev->dev;
	bool direct = dev->bypass_supported &&
		      dev->bypass_supported(dev->pdev, mask);
	u64 limit = device->bus_dma_limit;

	/* The kernel maps memory above the limit by single TCEs. */
	vdp_facts_ddw(dev, direct &&
		      (!limit || limit - device->archdata.dma_offset >=
				 dev->facts.memory_end));
	return direct;
}

/**
 * struct device_step - progress of device_decide()
 * @asked_ddw: the kernel was asked for a dynamic window
 * @direct: the kernel may use the direct mapping at archdata.dma_offset
 */
struct device_step {
	bool asked_ddw;
	bool direct;
};

/*
 * Carries out the decision. Returns false if a step has failed or a dynamic window was
 * asked for: either is a new fact, and calls for a new decision.
 */
static bool device_carry_out(struct vdp_device *dev, struct device_step *step)
{
	const struct vdma_facts *f = &dev->facts;
	const struct vdma_decision *d = &dev->decision;

	switch (d->mode) {
	case VDMA_MODE_BOUNCE:
		if (!device_get_pool(dev))
			return false;
		fallthrough;
	case VDMA_MODE_REFUSE:
		device_disable_bypass(dev);
		step->direct = false;
		return true;
	case VDMA_MODE_BYPASS:
		if (f->request == VDMA_MODE_IDENTITY && !step->asked_ddw)
			break;
		step->direct = device_enable_bypass(dev);
		return step->direct;
	case VDMA_MODE_TCE:
		if (d->reason != VDMA_REASON_REQUESTED)
			break;
		device_disable_bypass(dev);
		step->direct = false;
		return true;
	default:
		break;
	}
	device_disable_bypass(dev);
	if (step->asked_ddw) {
		step->direct &= d->mode <= VDMA_MODE_IDENTITY;
		return true;
	}
	/*
	 * A device that ignores the IOMMU ignores the answer, too; other users of the
	 * DMA API get the kernel's usual answer.
	 */
	step->direct = device_ask_ddw(dev, f->dma_mask);
	step->asked_ddw = true;
	return false;
}

/*
 * Decides until the decision can be carried out. Returns the answer to the kernel:
 * may the device use the direct mapping at archdata.dma_offset?
 */
static bool device_decide(struct vdp_device *dev, u64 mask)
{
	struct device_step step = { false };

	dev->facts.dma_mask = mask;
	dev->facts.ddw = VDMA_DDW_ABSENT;
	/* Left by an earlier answer */
	dev->pdev->dev.bus_dma_limit = 0;
	do {
		vdma_decide(&dev->facts, &dev->decision);
	} while (!device_carry_out(dev, &step));
	return step.direct;
}

static void device_log(const struct vdp_device *dev)
{
	const struct vdma_decision *d = &dev->decision;
	char passed_over[VDMA_PASSED_OVER_MAX];

	vdma_passed_over_text(d, passed_over, sizeof(passed_over));
	pci_info(dev->pdev, "mode %s, reason %s, passed over %s\n",
		 vdma_mode_name(d->mode), vdma_reason_name(d->reason),
		 passed_over);
	if (d->request != VDMA_REASON_NONE)
		pci_warn(dev->pdev, "requested mode %s ignored: %s; using %s\n",
			 vdma_mode_name(d->requested),
			 vdma_reason_meaning(d->request),
			 vdma_mode_name(d->mode));
	if (d->mode == VDMA_MODE_BOUNCE &&
	    vdma_facts_access_platform(&dev->facts) && vdp_facts_ddw_open(dev))
		pci_warn(dev->pdev, "cannot close the kernel's dynamic window (disable_ddw avoids it); the device reaches more than its pool\n");
}

/* Decides, and updates the record and the log. */
static bool device_decide_and_log(struct vdp_device *dev, u64 mask)
{
	enum vdma_mode before = dev->decision.mode;
	bool direct = device_decide(dev, mask);

	/* With only a limit set, the kernel maps memory below it directly. */
	if (!direct)
		dev->pdev->dev.bus_dma_limit = 0;
	dev->window = device_window(dev);
	if (!dev->decided || before != dev->decision.mode)
		device_log(dev);
	dev->decided = true;
	return direct;
}

/* device_is_bound() is not exported by 6.1. */
static bool device_has_driver(const struct device *device)
{
	return device->links.status == DL_DEV_DRIVER_BOUND;
}

/**
 * vdp_device_mask() - answer a driver that sets its DMA mask
 * @dev: the record
 * @mask: the mask
 *
 * Called several times per probe; only a new mask is a new question. A bound device keeps
 * its DMA path, whoever asks.
 *
 * Return: true if the direct mapping at archdata.dma_offset may be used.
 */
bool vdp_device_mask(struct vdp_device *dev, u64 mask)
{
	if (device_has_driver(&dev->pdev->dev) ||
	    (dev->decided && dev->facts.dma_mask == mask))
		return dev_dma_ops_bypass(&dev->pdev->dev);

	if (!dev->decided) {
		dev->facts.features = vdp_common_features(dev->pdev, NULL);
		vdp_facts_collect(dev);
	}
	dev->facts.live = VDMA_MODE_AUTO;
	return device_decide_and_log(dev, mask);
}

/* Records a device that keeps the kernel's setup. Its facts are collected. */
static void device_describe(struct vdp_device *dev)
{
	dev->facts.dma_mask = dma_get_mask(&dev->pdev->dev);
	vdp_facts_live(dev);
	vdma_decide(&dev->facts, &dev->decision);
	dev->window = device_window(dev);
	dev->decided = true;
	device_log(dev);
}

/**
 * vdp_device_adopt_bound() - record a device that was bound before the module was loaded
 * @dev: the record
 * @vdev: its virtio device
 *
 * It keeps its DMA path, also in a secure guest.
 *
 * Context: with the locks of the function and of the virtio device.
 */
void vdp_device_adopt_bound(struct vdp_device *dev, struct virtio_device *vdev)
{
	dev->facts.features = vdp_common_features(dev->pdev, vdev);
	vdp_facts_collect(dev);
	device_describe(dev);
	if (dev->facts.secure)
		pci_warn(dev->pdev, "bound before this module was loaded; DMA is unprotected until the device is rebound\n");
}

/**
 * vdp_device_added() - decide about a virtio device if nothing was decided yet
 * @dev: the record
 * @vdev: its virtio device, which has no driver, or none that has begun to probe
 *
 * The kernel asks when virtio_pci sets its DMA mask, but not with iommu=off, and not if
 * the module was loaded later. Only now is it known whether virtio_pci uses the legacy
 * interface. Outside a secure guest the device keeps the kernel's setup; in one, also
 * a device that was bound before the module was loaded is decided about, once its
 * driver has left.
 *
 * Context: with the lock of the virtio device, or before drivers see it.
 */
void vdp_device_added(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdma_facts *f = &dev->facts;
	bool version_1 = vdma_facts_version_1(f);

	dev->facts.features = vdp_common_features(dev->pdev, vdev);
	if (dev->decided &&
	    (!f->secure || (f->live == VDMA_MODE_AUTO &&
			    vdma_facts_version_1(f) == version_1)))
		return;
	vdp_device_unbound(dev);
	vdp_facts_collect(dev);
	if (f->secure || f->iommu_off)
		device_decide_and_log(dev, dma_get_mask(&dev->pdev->dev));
	else
		device_describe(dev);
}

/**
 * vdp_device_unbound() - the driver was unbound, or failed to probe
 * @dev: the record
 */
void vdp_device_unbound(struct vdp_device *dev)
{
	device_put_pool(dev);
	device_disable_bypass(dev);
	dev->decided = false;
	dev->facts.live = VDMA_MODE_AUTO;
}

/**
 * vdp_device_quiesce_all() - stop all DMA for good, close all windows
 *
 * Drivers stay bound and may run on other CPUs. Their further requests fail, so that none
 * waits for an answer. Waits for callbacks in progress.
 *
 * Context: the kernel is shutting down and probes no devices any more. May sleep.
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
		device_disable_bypass(dev);
	}
}

static void device_free(struct vdp_later *later)
{
	kfree(container_of(later, struct vdp_device, later));
}

void vdp_device_drop(struct vdp_device *dev)
{
	list_del(&dev->node);
	pci_dev_put(dev->pdev);
	vdp_free_later(&dev->later, device_free);
}

/* One of the records, or NULL */
struct vdp_device *vdp_device_first(void)
{
	return list_first_entry_or_null(&devices, struct vdp_device, node);
}
