// SPDX-License-Identifier: GPL-2.0
/*
 * The seam: pseries asks phb->controller_ops.iommu_bypass_supported() when a
 * driver sets its DMA mask; "true" means that the direct mapping, offset by
 * archdata.dma_offset, is right for this device. With disable_ddw the pointer
 * is NULL, and ours then stands alone.
 */
#include <linux/slab.h>
#include <asm/pci-bridge.h>
#include "vdp.h"

struct phb_hook {
	struct list_head node;
	struct pci_controller *phb;
	bool (*original)(struct pci_dev *pdev, u64 mask);
};

/* A hook is added, never removed, while the module lives. */
static LIST_HEAD(hooks);
static DEFINE_MUTEX(hooks_lock);
static bool closed;

static struct phb_hook *find_hook(const struct pci_controller *phb)
{
	struct phb_hook *hook;

	lockdep_assert_held(&hooks_lock);
	list_for_each_entry(hook, &hooks, node)
		if (hook->phb == phb)
			return hook;
	return NULL;
}

static struct phb_hook *hook_of(struct pci_dev *pdev)
{
	struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	hook = find_hook(pci_bus_to_host(pdev->bus));
	mutex_unlock(&hooks_lock);
	return hook;
}

/**
 * vdp_seam_original() - ask what the kernel asks without this module
 * @pdev: the device
 * @mask: its DMA mask
 *
 * Context: may sleep and may create a dynamic window for the device's PE.
 * Return: true if the direct mapping may be used at archdata.dma_offset.
 */
bool vdp_seam_original(struct pci_dev *pdev, u64 mask)
{
	const struct phb_hook *hook = hook_of(pdev);

	return hook && hook->original && hook->original(pdev, mask);
}

/* Has the kernel dynamic windows at all, that is, no disable_ddw? */
bool vdp_seam_has_original(struct pci_dev *pdev)
{
	const struct phb_hook *hook = hook_of(pdev);

	return hook && hook->original;
}

/* Called with the device lock of @pdev held, while its driver probes. */
static bool bypass_supported(struct pci_dev *pdev, u64 mask)
{
	bool direct;

	if (!vdp_device_handles(pdev))
		return vdp_seam_original(pdev, mask);

	vdp_lock();
	direct = vdp_device_mask(vdp_device_get(pdev), mask);
	vdp_unlock();
	return direct;
}

/**
 * vdp_seam_take() - take over the PHB of a device
 * @pdev: the device
 *
 * Context: may sleep.
 */
void vdp_seam_take(struct pci_dev *pdev)
{
	struct pci_controller *phb = pci_bus_to_host(pdev->bus);
	struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	if (closed ||
	    phb->controller_ops.iommu_bypass_supported == bypass_supported)
		goto unlock;
	hook = find_hook(phb);
	if (!hook) {
		/* In a secure guest nothing must be left out. */
		hook = kzalloc(sizeof(*hook), GFP_KERNEL | __GFP_NOFAIL);
		hook->phb = phb;
		list_add(&hook->node, &hooks);
	}
	hook->original = phb->controller_ops.iommu_bypass_supported;
	WRITE_ONCE(phb->controller_ops.iommu_bypass_supported,
		   bypass_supported);
unlock:
	mutex_unlock(&hooks_lock);
}

void vdp_seam_take_all(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		vdp_seam_take(pdev);
}

static void restore_phb(struct pci_bus *bus)
{
	struct pci_controller *phb = pci_bus_to_host(bus);
	struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	hook = find_hook(phb);
	if (hook &&
	    phb->controller_ops.iommu_bypass_supported == bypass_supported)
		WRITE_ONCE(phb->controller_ops.iommu_bypass_supported,
			   hook->original);
	mutex_unlock(&hooks_lock);
}

/**
 * vdp_seam_restore() - give every PHB its own function back
 *
 * PHBs are reached through their root buses: one that went away is not touched,
 * one whose devices are gone is. Drivers ask from probe, under the device lock:
 * once each lock has been taken after the pointer was restored, nobody is in our
 * function.
 */
void vdp_seam_restore(void)
{
	struct phb_hook *hook, *next;
	struct pci_dev *pdev = NULL;
	struct pci_bus *bus = NULL;

	mutex_lock(&hooks_lock);
	closed = true;
	mutex_unlock(&hooks_lock);
	pci_lock_rescan_remove();
	while ((bus = pci_find_next_bus(bus)))
		restore_phb(bus);
	pci_unlock_rescan_remove();
	for_each_pci_dev(pdev) {
		device_lock(&pdev->dev);
		device_unlock(&pdev->dev);
	}
	list_for_each_entry_safe(hook, next, &hooks, node) {
		list_del(&hook->node);
		kfree(hook);
	}
}
