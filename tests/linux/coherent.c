// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A test guest's module that maps memory of a virtio function in ways that must not be
 * bounced, and in a way that may. Loading it fails, so that it can be loaded again.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define SIZE 4096

static uint slot;
module_param(slot, uint, 0);

static const char *map_page(struct device *dev, void *buffer, unsigned long attrs)
{
	dma_addr_t dma = dma_map_page_attrs(dev, virt_to_page(buffer),
					    offset_in_page(buffer), SIZE,
					    DMA_TO_DEVICE, attrs);

	if (dma_mapping_error(dev, dma))
		return "refused";
	dma_unmap_page_attrs(dev, dma, SIZE, DMA_TO_DEVICE, attrs);
	return "mapped";
}

static const char *map_sg(struct device *dev, void *buffer, unsigned long attrs)
{
	struct scatterlist sg;

	sg_init_one(&sg, buffer, SIZE);
	if (!dma_map_sg_attrs(dev, &sg, 1, DMA_TO_DEVICE, attrs))
		return "refused";
	dma_unmap_sg_attrs(dev, &sg, 1, DMA_TO_DEVICE, attrs);
	return "mapped";
}

static void try_all(struct device *dev, void *buffer)
{
	pr_warn("coherent: plain: page %s, list %s\n", map_page(dev, buffer, 0),
		map_sg(dev, buffer, 0));
#ifdef DMA_ATTR_REQUIRE_COHERENT
	pr_warn("coherent: require: page %s, list %s\n",
		map_page(dev, buffer, DMA_ATTR_REQUIRE_COHERENT),
		map_sg(dev, buffer, DMA_ATTR_REQUIRE_COHERENT));
#endif
}

static int __init coherent_init(void)
{
	struct pci_dev *pdev =
		pci_get_domain_bus_and_slot(0, 0, PCI_DEVFN(slot, 0));
	void *buffer = kzalloc(SIZE, GFP_KERNEL);

	if (pdev && buffer)
		try_all(&pdev->dev, buffer);
	kfree(buffer);
	pci_dev_put(pdev);
	return -EAGAIN;
}

module_init(coherent_init);
MODULE_DESCRIPTION("Maps what must not be bounced");
MODULE_LICENSE("GPL");
