// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tells whether dma_sync_*() is skipped for the function in a slot. Loading it fails, so
 * that it can be loaded again.
 */
#include <linux/module.h>
#include <linux/pci.h>

#ifndef HAVE_DEV_FLAGS
#define dev_dma_skip_sync(dev) ((dev)->dma_skip_sync)
#endif

static int slot;
module_param(slot, int, 0);

static int __init skipsync_init(void)
{
	struct pci_dev *pdev =
		pci_get_domain_bus_and_slot(0, 0, PCI_DEVFN(slot, 0));

	if (!pdev)
		return -ENODEV;
#ifdef CONFIG_DMA_NEED_SYNC
	pr_warn("skipsync: slot %d: %d\n", slot, dev_dma_skip_sync(&pdev->dev));
#endif
	pci_dev_put(pdev);
	return -EAGAIN;
}

module_init(skipsync_init);
MODULE_DESCRIPTION("Tell dma_skip_sync of a PCI function");
MODULE_LICENSE("GPL");
