// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the facts of one device: from its common configuration, from the
 * device tree, from the hypervisor and from the kernel.
 */
#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <asm/hvcall.h>
#include <asm/pci-bridge.h>
#include <asm/svm.h>
#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/virtio_pci.h>
#include "compat.h"
#include "vdp.h"

/* Struct virtio_pci_common_cfg up to queue_device (virtio 1.2, 4.1.4.3). */
#define COMMON_CFG_MAP_SIZE	56

static int64_t gate_call(void *ctx, struct vdma_hcall *hcall)
{
	unsigned long ret[PLPAR_HCALL_BUFSIZE];
	struct vdp_device *dev = ctx;
	unsigned int i;
	long status;

	status = plpar_hcall(hcall->opcode, ret, hcall->in[0], hcall->in[1],
			     hcall->in[2], hcall->in[3]);
	for (i = 0; i < VDMA_HCALL_WORDS; i++)
		hcall->out[i] = ret[i];
	dev->hcalls++;
	return status;
}

/* The one way of this module to the hypervisor; counts for @dev. */
struct vdma_gate vdp_gate(struct vdp_device *dev)
{
	return (struct vdma_gate){ .call = gate_call, .ctx = dev };
}

static uint8_t config_read8(void *ctx, uint8_t offset)
{
	u8 value;

	pci_read_config_byte(ctx, offset, &value);
	return value;
}

static uint32_t config_read32(void *ctx, uint8_t offset)
{
	u32 value;

	pci_read_config_dword(ctx, offset, &value);
	return value;
}

static uint32_t cfg_read32(void *ctx, uint32_t offset)
{
	return ioread32((void __iomem *)ctx + offset);
}

static void cfg_write32(void *ctx, uint32_t offset, uint32_t value)
{
	iowrite32(value, (void __iomem *)ctx + offset);
}

/**
 * vdp_facts_map() - map the common configuration of a function
 * @dev: its record
 *
 * Context: while virtio_pci has @dev or probes it: it is enabled.
 * Return: struct virtio_pci_common_cfg, for pci_iounmap(); NULL for a legacy
 * function, and for one that is taken for one, after a line.
 */
void __iomem *vdp_facts_map(struct vdp_device *dev)
{
	const struct vdma_config_space config = {
		.read8 = config_read8,
		.read32 = config_read32,
		.ctx = dev->pdev,
	};
	struct vdma_region region;
	void __iomem *map;
	int error;

	error = vdma_find_common_cfg(&config, &region);
	if (error) {
		if (error != VDMA_E_NO_COMMON_CFG)
			pci_err(dev->pdev, "virtio DMA: %s; taken for a legacy device\n",
				vdma_strerror(error));
		return NULL;
	}
	map = pci_iomap_range(dev->pdev, region.bar, region.offset,
			      COMMON_CFG_MAP_SIZE);
	if (!map)
		pci_err(dev->pdev, "virtio DMA: cannot map BAR %u; taken for a legacy device\n",
			region.bar);
	return map;
}

/**
 * vdp_facts_features() - read the features that a function offers
 * @dev: its record; a legacy function offers none of the bits that matter
 * @vdev: its virtio device, if there is one: then it counts what the interface
 *	  offers that virtio_pci uses
 *
 * Newer kernels have no get_features() in the modern interface.
 *
 * Context: while virtio_pci probes @dev, or with the lock of its virtio device:
 * it is enabled, and nobody else selects features.
 */
void vdp_facts_features(struct vdp_device *dev, struct virtio_device *vdev)
{
	struct vdma_common_cfg cfg = {
		.read32 = cfg_read32,
		.write32 = cfg_write32,
	};
	void __iomem *map;

	if (vdev && vdev->config->get_features) {
		dev->facts.features = vdev->config->get_features(vdev);
		return;
	}
	dev->facts.features = 0;
	map = vdp_facts_map(dev);
	if (!map)
		return;
	cfg.ctx = (void __force *)map;
	dev->facts.features = vdma_read_features(&cfg);
	pci_iounmap(dev->pdev, map);
}

/* PAPR, /rtas "ibm,hypertas-functions": is H_DMA_BYPASS announced? */
static bool hcall_announced(void)
{
	struct device_node *rtas = of_find_node_by_path("/rtas");
	bool announced;

	announced = of_property_match_string(rtas, "ibm,hypertas-functions",
					     VDMA_HYPERTAS_NAME) >= 0;
	of_node_put(rtas);
	return announced;
}

/*
 * The end of all memory that is there, and, by /rtas "ibm,lrdr-capacity"
 * (LoPAR), that this partition can ever have. QEMU writes 0 there if nothing
 * can be plugged. Without either nothing is known to cover memory, and every
 * window is too small.
 */
static u64 memory_end(void)
{
	struct device_node *np = of_find_node_by_path("/rtas");
	struct resource res;
	u32 cells[2];
	u64 end = 0;
	int i;

	if (!of_property_read_u32_array(np, "ibm,lrdr-capacity", cells, 2))
		end = (u64)cells[0] << 32 | cells[1];
	of_node_put(np);

	for_each_node_by_type(np, "memory")
		for (i = 0; !of_address_to_resource(np, i, &res); i++)
			end = max_t(u64, end, res.end + 1);
	return end ? end : U64_MAX;
}

/**
 * vdp_facts_answer() - turn the hypervisor's answer into a fact
 * @dev: the record
 * @error: what the call returned
 * @reply: what it filled in
 */
void vdp_facts_answer(struct vdp_device *dev, int error,
		      const struct vdma_bypass *reply)
{
	struct vdma_facts *f = &dev->facts;

	f->answer_window = reply->window;
	if (error == VDMA_E_UNSUPPORTED)
		f->answer = VDMA_ANSWER_MISSING;
	else if (error == VDMA_E_DISAGREES)
		/* Granted a window that is none: the windows will not match. */
		f->answer_window = (struct vdma_window){ 0, 0 };
	else if (error || !reply->supported)
		f->answer = VDMA_ANSWER_REFUSED;
	else
		f->answer = VDMA_ANSWER_GRANTED;
}

static void collect_answer(struct vdp_device *dev)
{
	struct vdma_gate gate = vdp_gate(dev);
	struct vdma_bypass reply;
	int error;

	dev->facts.answer = VDMA_ANSWER_MISSING;
	if (!hcall_announced())
		return;
	/* Nobody asks about a device that may not bypass anyway. */
	dev->facts.answer = VDMA_ANSWER_REFUSED;
	if (dev->facts.property != VDMA_PROPERTY_VALID)
		return;
	error = vdma_bypass_query(&gate, &dev->fn, &reply);
	dev->bypass_open = reply.enabled;
	vdp_facts_answer(dev, error, &reply);
}

/**
 * vdp_facts_collect() - collect what does not depend on the DMA mask
 * @dev: the record; its features are known, and it has no pool
 *
 * Context: may sleep.
 */
void vdp_facts_collect(struct vdp_device *dev)
{
	struct pci_controller *phb = pci_bus_to_host(dev->pdev->bus);
	struct device_node *np = pci_device_to_OF_node(dev->pdev);
	struct vdma_facts *f = &dev->facts;
	const void *cells;
	int len = 0;

	dev->fn.buid = phb->buid;
	dev->fn.config_addr =
		dev->pdev->bus->number << VDMA_CONFIG_ADDR_BUS_SHIFT |
		dev->pdev->devfn << VDMA_CONFIG_ADDR_DEVFN_SHIFT;

	cells = of_get_property(np, VDMA_PROP_NAME, &len);
	f->property = vdma_property_read(cells, len, &f->property_window);
	collect_answer(dev);

	f->ddw = VDMA_DDW_ABSENT;
	f->memory_end = memory_end();
	f->coherent = of_dma_is_coherent(np);
	/* With iommu=off, pseries leaves PCI without any. */
	f->iommu_off = !get_dma_ops(&dev->pdev->dev);
	f->secure = is_secure_guest();
	f->secure_quirk = vdp_params_secure_quirk();
	/*
	 * Until none can be made. Outside of a secure guest, what ignores the
	 * IOMMU would bounce for nothing.
	 */
	f->pool = f->secure || vdma_facts_access_platform(f);
	f->request = vdp_params_request(dev->pdev);
}

/* Has the function's node, or one above it, this property? */
static bool inherits(struct pci_dev *pdev, const char *property)
{
	struct device_node *np = of_node_get(pci_device_to_OF_node(pdev));
	bool found;

	while (np && !of_property_present(np, property))
		np = of_get_next_parent(np);
	found = np;
	of_node_put(np);
	return found;
}

/**
 * vdp_facts_ddw() - what the kernel said about dynamic windows
 * @dev: the record
 * @granted: vdp_seam_original() said yes, without a limit on addresses
 */
void vdp_facts_ddw(struct vdp_device *dev, bool granted)
{
	struct vdma_facts *f = &dev->facts;

	if (granted) {
		/* It grants only a window on all memory there can ever be. */
		f->ddw = VDMA_DDW_COVERS;
		f->ddw_window.base = dev->pdev->dev.archdata.dma_offset;
		f->ddw_window.size = f->memory_end;
	} else if (vdp_seam_has_original(dev->pdev) &&
		   inherits(dev->pdev, "ibm,ddw-applicable")) {
		f->ddw = VDMA_DDW_TOO_SMALL;
	} else {
		f->ddw = VDMA_DDW_ABSENT;
	}
}

/**
 * vdp_facts_ddw_open() - is there a dynamic window on all memory?
 * @dev: the record
 *
 * The kernel makes one for all functions of a PE, keeps it, and notes it in the
 * device tree.
 */
bool vdp_facts_ddw_open(const struct vdp_device *dev)
{
	return inherits(dev->pdev, "linux,direct64-ddr-window-info");
}

static enum vdma_mode live_mode(const struct vdp_device *dev)
{
	const struct device *device = &dev->pdev->dev;
	bool direct = dev->facts.iommu_off || dev_dma_ops_bypass(device);

	if (!vdma_facts_access_platform(&dev->facts))
		return VDMA_MODE_DIRECT;
	if (direct && dev->bypass_open &&
	    device->archdata.dma_offset == dev->facts.answer_window.base)
		return VDMA_MODE_BYPASS;
	if (dev->facts.iommu_off)
		return VDMA_MODE_REFUSE;
	return direct ? VDMA_MODE_IDENTITY : VDMA_MODE_TCE;
}

/**
 * vdp_facts_live() - what the kernel has set up for a device that is already bound
 * @dev: the record; its other facts are known
 *
 * The kernel is not asked for dynamic windows, for asking would change the device
 * under its driver. Another function of the PE may have made one.
 */
void vdp_facts_live(struct vdp_device *dev)
{
	dev->facts.live = live_mode(dev);
	vdp_facts_ddw(dev, vdp_facts_ddw_open(dev));
}
