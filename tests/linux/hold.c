// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A test guest's module that holds what belongs to a virtio function beyond its
 * driver: coherent memory, a mapping, and the virtio device. Lets go of all when it is
 * unloaded, and says whose operations the virtio device has then.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio.h>

#define SIZE 4096

static uint domain, slot;
module_param(domain, uint, 0);
module_param(slot, uint, 0);

static struct pci_dev *pdev;
static struct virtio_device *vdev;
static void *coherent, *buffer;
static dma_addr_t coherent_dma, buffer_dma;

static int __init hold_init(void)
{
	struct device *child;

	pdev = pci_get_domain_bus_and_slot(domain, 0, PCI_DEVFN(slot, 0));
	child = pdev ? device_find_any_child(&pdev->dev) : NULL;
	if (!child)
		return -ENODEV;
	vdev = dev_to_virtio(child);
	buffer = kzalloc(SIZE, GFP_KERNEL);
	coherent = dma_alloc_coherent(&pdev->dev, SIZE, &coherent_dma,
				      GFP_KERNEL);
	buffer_dma = dma_map_single(&pdev->dev, buffer, SIZE,
				    DMA_BIDIRECTIONAL);
	return dma_mapping_error(&pdev->dev, buffer_dma);
}

static void __exit hold_exit(void)
{
	pr_warn("hold: operations %ps\n", vdev->config);
	put_device(&vdev->dev);
	memset(coherent, 0x5a, SIZE);
	dma_free_coherent(&pdev->dev, SIZE, coherent, coherent_dma);
	dma_unmap_single(&pdev->dev, buffer_dma, SIZE, DMA_BIDIRECTIONAL);
	kfree(buffer);
	pci_dev_put(pdev);
}

module_init(hold_init);
module_exit(hold_exit);
MODULE_DESCRIPTION("Holds what belongs to a virtio function");
MODULE_LICENSE("GPL");
