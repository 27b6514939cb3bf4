// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the facts of one device: from the device tree, the hypervisor and the kernel.
 */
#include <linux/dma-map-ops.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <asm/hvcall.h>
#include <asm/pci-bridge.h>
#include <asm/svm.h>
#include <vdma/abi.h>
#include <vdma/error.h>
#include "compat.h"
#include "vdp.h"

static int64_t facts_hcall(void *ctx, struct vdma_hcall *hcall)
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

/* Calls the hypervisor, and counts the calls of @dev. */
struct vdma_hv_ops vdp_hv_ops(struct vdp_device *dev)
{
	return (struct vdma_hv_ops){ .hcall = facts_hcall, .ctx = dev };
}

/* PAPR, /rtas "ibm,hypertas-functions": is H_DMA_BYPASS announced? */
static bool facts_hcall_announced(void)
{
	struct device_node *rtas = of_find_node_by_path("/rtas");
	bool announced;

	announced = of_property_match_string(rtas, "ibm,hypertas-functions",
					     VDMA_HYPERTAS_NAME) >= 0;
	of_node_put(rtas);
	return announced;
}

/*
 * The end of all memory that is there or, according to /rtas "ibm,lrdr-capacity"
 * (LoPAR), can ever be there; QEMU writes 0 if none can be plugged. If neither is known,
 * every window is too small.
 */
static u64 facts_memory_end(void)
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
 * @error: return value of the call
 * @reply: as filled in by the call
 */
void vdp_facts_answer(struct vdp_device *dev, int error,
		      const struct vdma_bypass *reply)
{
	struct vdma_facts *f = &dev->facts;

	f->answer_window = reply->window;
	if (error == VDMA_E_UNSUPPORTED)
		f->answer = VDMA_ANSWER_MISSING;
	else if (error == VDMA_E_DISAGREES)
		/* An empty window, which does not match. */
		f->answer_window = (struct vdma_window){ 0, 0 };
	else if (error || !reply->supported)
		f->answer = VDMA_ANSWER_REFUSED;
	else
		f->answer = VDMA_ANSWER_GRANTED;
}

static void facts_collect_answer(struct vdp_device *dev)
{
	struct vdma_hv_ops hv = vdp_hv_ops(dev);
	struct vdma_bypass reply;
	int error;

	dev->facts.answer = VDMA_ANSWER_MISSING;
	if (!facts_hcall_announced())
		return;
	/* Do not ask about a device that may not bypass anyway. */
	dev->facts.answer = VDMA_ANSWER_REFUSED;
	if (dev->facts.property != VDMA_PROPERTY_VALID)
		return;
	error = vdma_bypass_query(&hv, &dev->fn, &reply);
	dev->bypass_enabled = reply.enabled;
	vdp_facts_answer(dev, error, &reply);
}

/**
 * vdp_facts_collect() - collect the facts that do not depend on the DMA mask
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
	facts_collect_answer(dev);

	f->ddw = VDMA_DDW_ABSENT;
	f->memory_end = facts_memory_end();
	f->coherent = of_dma_is_coherent(np);
	/* With iommu=off, pseries sets no DMA operations. */
	f->iommu_off = !get_dma_ops(&dev->pdev->dev);
	f->secure = is_secure_guest();
	f->secure_quirk = vdp_params_secure_quirk();
	/*
	 * Unless allocating it fails. Outside of a secure guest, a device that ignores
	 * the IOMMU would bounce for nothing.
	 */
	f->pool = f->secure || vdma_facts_access_platform(f);
	f->request = vdp_params_request(dev->pdev);
}

/* Does the function's node, or one above it, have this property? */
static bool facts_inherits(struct pci_dev *pdev, const char *property)
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
 * vdp_facts_ddw() - turn the kernel's answer about dynamic windows into a fact
 * @dev: the record
 * @granted: the kernel allows the direct mapping, without a limit on addresses
 */
void vdp_facts_ddw(struct vdp_device *dev, bool granted)
{
	struct vdma_facts *f = &dev->facts;

	if (granted) {
		/* It allows only a window on all memory that there can ever be. */
		f->ddw = VDMA_DDW_COVERS;
		f->ddw_window.base = dev->pdev->dev.archdata.dma_offset;
		f->ddw_window.size = f->memory_end;
	} else if (dev->bypass_supported &&
		   facts_inherits(dev->pdev, "ibm,ddw-applicable")) {
		f->ddw = VDMA_DDW_TOO_SMALL;
	} else {
		f->ddw = VDMA_DDW_ABSENT;
	}
}

/**
 * vdp_facts_ddw_open() - is there a dynamic window on all memory?
 * @dev: the record
 *
 * The kernel creates one for all functions of a PE, keeps it, and records it in the
 * device tree.
 */
bool vdp_facts_ddw_open(const struct vdp_device *dev)
{
	return facts_inherits(dev->pdev, "linux,direct64-ddr-window-info");
}

static enum vdma_mode facts_live_mode(const struct vdp_device *dev)
{
	const struct device *device = &dev->pdev->dev;
	bool direct = dev->facts.iommu_off || dev_dma_ops_bypass(device);

	if (!vdma_facts_access_platform(&dev->facts))
		return VDMA_MODE_DIRECT;
	if (direct && dev->bypass_enabled &&
	    device->archdata.dma_offset == dev->facts.answer_window.base)
		return VDMA_MODE_BYPASS;
	if (dev->facts.iommu_off)
		return VDMA_MODE_REFUSE;
	return direct ? VDMA_MODE_IDENTITY : VDMA_MODE_TCE;
}

/**
 * vdp_facts_live() - facts about a device that is already bound
 * @dev: the record; its other facts are known
 *
 * The kernel is not asked for a dynamic window, which would change the device under its
 * driver. Another function of the PE may have one already.
 */
void vdp_facts_live(struct vdp_device *dev)
{
	dev->facts.live = facts_live_mode(dev);
	vdp_facts_ddw(dev, vdp_facts_ddw_open(dev));
}
