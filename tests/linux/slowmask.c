// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A test guest's module that makes a PHB slow to say whether a function may use the
 * direct mapping, and has a function ask in a thread, as NVMe's driver does when it
 * resets a controller: not in probe, and without the device's lock. To be loaded before
 * the module under test, which then calls it.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <asm/pci-bridge.h>

static uint slot;
module_param(slot, uint, 0);

static struct pci_dev *pdev;
static struct pci_controller_ops *ops;
static bool (*original)(struct pci_dev *pdev, u64 mask);
static DECLARE_COMPLETION(answered);

static bool slow(struct pci_dev *function, u64 mask)
{
	if (function == pdev)
		msleep(5000);
	return original && original(function, mask);
}

static int ask_thread(void *unused)
{
	int error = dma_set_mask(&pdev->dev, DMA_BIT_MASK(64));

	pr_warn("slowmask: answered: %d\n", error);
	complete(&answered);
	return 0;
}

/* Writing the parameter has the function ask. */
static int ask_set(const char *value, const struct kernel_param *param)
{
	return PTR_ERR_OR_ZERO(kthread_run(ask_thread, NULL, "slowmask"));
}

static const struct kernel_param_ops ask_ops = { .set = ask_set };
module_param_cb(ask, &ask_ops, NULL, 0200);

static int __init slowmask_init(void)
{
	pdev = pci_get_domain_bus_and_slot(0, 0, PCI_DEVFN(slot, 0));
	if (!pdev)
		return -ENODEV;
	ops = &pci_bus_to_host(pdev->bus)->controller_ops;
	original = ops->iommu_bypass_supported;
	ops->iommu_bypass_supported = slow;
	return 0;
}

static void __exit slowmask_exit(void)
{
	wait_for_completion(&answered);
	pr_warn("slowmask: the PHB has its function back: %d\n",
		ops->iommu_bypass_supported == slow);
	ops->iommu_bypass_supported = original;
	pci_dev_put(pdev);
}

module_init(slowmask_init);
module_exit(slowmask_exit);
MODULE_DESCRIPTION("Makes a PHB slow to answer");
MODULE_LICENSE("GPL");
