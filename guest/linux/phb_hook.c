// SPDX-License-Identifier: GPL-2.0
/*
 * Replaces phb->controller_ops.iommu_bypass_supported(), which pseries calls when a
 * driver sets its DMA mask; "true" means that the device may use the direct mapping at
 * offset archdata.dma_offset. With disable_ddw the kernel has no such function.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <asm/pci-bridge.h>
#include "vdp.h"

struct phb_hook {
	struct list_head node;
	struct pci_controller *phb;
	vdp_bypass_supported_fn original;
};

/* Hooks are added, but not removed while the module is loaded. */
static LIST_HEAD(hooks);
static DEFINE_MUTEX(hooks_lock);
static bool closed;
/* Readers are in phb_hook_bypass_supported(). */
DEFINE_STATIC_SRCU(phb_hook_srcu);

static struct phb_hook *phb_hook_find(const struct pci_controller *phb)
{
	struct phb_hook *hook;

	lockdep_assert_held(&hooks_lock);
	list_for_each_entry(hook, &hooks, node)
		if (hook->phb == phb)
			return hook;
	return NULL;
}

static vdp_bypass_supported_fn phb_hook_original(struct pci_dev *pdev)
{
	const struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	hook = phb_hook_find(pci_bus_to_host(pdev->bus));
	mutex_unlock(&hooks_lock);
	return hook ? hook->original : NULL;
}

/**
 * vdp_phb_device() - find or create the record of a function
 * @pdev: the function; its PHB is hooked
 *
 * Context: with the lock. May sleep.
 * Return: the record, which knows the function that the kernel has for its PHB.
 */
struct vdp_device *vdp_phb_device(struct pci_dev *pdev)
{
	struct vdp_device *dev = vdp_device_get(pdev);

	dev->bypass_supported = phb_hook_original(pdev);
	return dev;
}

/* A device that is not ours gets the kernel's own answer. */
static bool phb_hook_answer(struct pci_dev *pdev, u64 mask)
{
	vdp_bypass_supported_fn original;
	bool direct;

	if (!vdp_device_handles(pdev)) {
		original = phb_hook_original(pdev);
		return original && original(pdev, mask);
	}
	vdp_lock();
	direct = vdp_device_mask(vdp_phb_device(pdev), mask);
	vdp_unlock();
	return direct;
}

/*
 * virtio_pci asks while it probes, under the device lock. Other drivers ask at any time:
 * NVMe's does so from the work that resets a controller.
 */
static bool phb_hook_bypass_supported(struct pci_dev *pdev, u64 mask)
{
	int idx = srcu_read_lock(&phb_hook_srcu);
	bool direct = phb_hook_answer(pdev, mask);

	srcu_read_unlock(&phb_hook_srcu, idx);
	return direct;
}

/**
 * vdp_phb_hook() - hook the PHB of a device
 * @pdev: the device
 *
 * Context: may sleep.
 */
void vdp_phb_hook(struct pci_dev *pdev)
{
	struct pci_controller *phb = pci_bus_to_host(pdev->bus);
	struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	if (closed ||
	    phb->controller_ops.iommu_bypass_supported == phb_hook_bypass_supported)
		goto unlock;
	hook = phb_hook_find(phb);
	if (!hook) {
		/* In a secure guest no PHB may be missed. */
		hook = kzalloc(sizeof(*hook), GFP_KERNEL | __GFP_NOFAIL);
		hook->phb = phb;
		list_add(&hook->node, &hooks);
	}
	hook->original = phb->controller_ops.iommu_bypass_supported;
	WRITE_ONCE(phb->controller_ops.iommu_bypass_supported,
		   phb_hook_bypass_supported);
unlock:
	mutex_unlock(&hooks_lock);
}

void vdp_phb_hook_all(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		vdp_phb_hook(pdev);
}

static void phb_hook_restore(struct pci_bus *bus)
{
	struct pci_controller *phb = pci_bus_to_host(bus);
	struct phb_hook *hook;

	mutex_lock(&hooks_lock);
	hook = phb_hook_find(phb);
	if (hook &&
	    phb->controller_ops.iommu_bypass_supported == phb_hook_bypass_supported)
		WRITE_ONCE(phb->controller_ops.iommu_bypass_supported,
			   hook->original);
	mutex_unlock(&hooks_lock);
}

/*
 * Waits for callers that have found our function: those that have not entered the SRCU
 * section yet, those that are in it, which may sleep, and those that have left it.
 */
static void phb_hook_wait(void)
{
	synchronize_rcu_tasks();
	synchronize_srcu(&phb_hook_srcu);
	synchronize_rcu_tasks();
}

/**
 * vdp_phb_unhook_all() - restore the function of every PHB
 *
 * PHBs are found by their root buses, also those without devices. Afterwards nobody is in
 * our function any more.
 *
 * Context: may sleep.
 */
void vdp_phb_unhook_all(void)
{
	struct phb_hook *hook, *next;
	struct pci_bus *bus = NULL;

	mutex_lock(&hooks_lock);
	closed = true;
	mutex_unlock(&hooks_lock);
	pci_lock_rescan_remove();
	while ((bus = pci_find_next_bus(bus)))
		phb_hook_restore(bus);
	pci_unlock_rescan_remove();
	phb_hook_wait();
	mutex_lock(&hooks_lock);
	list_for_each_entry_safe(hook, next, &hooks, node) {
		list_del(&hook->node);
		kfree(hook);
	}
	mutex_unlock(&hooks_lock);
}
