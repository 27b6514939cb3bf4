// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Devices and their domains, as the command line wants them. */
#include <libfdt.h>

#include <vdma/abi.h>
#include <vdma/error.h>

#include "device.h"
#include "ktap.h"
#include "registers.h"

#define AUDIT_NODES	32768

const struct pci_function *device_find(unsigned int type, unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < pci_count(); i++) {
		const struct pci_function *pci = pci_function(i);

		if (pci->vendor == VDMA_PCI_VENDOR_VIRTIO &&
		    pci->device == VDMA_PCI_MODERN_FIRST + type && !nth--)
			return pci;
	}
	return NULL;
}

enum vdma_property device_property(const struct pci_function *pci,
				   struct vdma_window *window)
{
	int len;
	const void *cells = fdt_getprop(of_tree(), pci->node, VDMA_PROP_NAME,
					&len);

	return vdma_property_read(cells, cells ? (size_t)len : 0, window);
}

static void audit_report(void *ctx, const struct vdma_audit_report *r)
{
	(void)ctx;
	diag("audit: 0x%lx, %lu bytes, %s (%s; mapped %s, unmapped %s)", r->dma,
	     r->len, vdma_fault_text(r->fault), r->where, r->mapped,
	     r->unmapped);
}

static void must(const struct device *device, int error, const char *what)
{
	if (error)
		bail_out("PCI %x: %s: %s", device->pci->fn.config_addr, what,
			 vdma_strerror(error));
}

static void open_bypass(struct device *device)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	if (device_property(device->pci, &window) != VDMA_PROPERTY_VALID)
		bail_out("PCI %x: no bypass: firmware has not tagged it",
			 device->pci->fn.config_addr);
	must(device, vdma_bypass_enable(&guest_gate, &device->pci->fn, &window,
					&reply), "bypass");
	must(device, vdma_domain_bypass(&device->linear, &guest_pages,
					&reply.window, memory_end()),
	     "domain bypass");
}

static void open_domain(struct device *device)
{
	const char *mode = arg("mode", "direct");
	bool f = device->offered & VDMA_F_ACCESS_PLATFORM;

	/* Direct with F, or anything else without, is a wrong address. */
	if (f == !strcmp(mode, "direct"))
		bail_out("PCI %x: mode=%s, and ACCESS_PLATFORM is %soffered",
			 device->pci->fn.config_addr, mode, f ? "" : "not ");
	device->domain = &device->linear;
	if (!strcmp(mode, "direct"))
		vdma_domain_direct(&device->linear, &guest_pages,
				   memory_end());
	else if (!strcmp(mode, "bypass"))
		open_bypass(device);
	else
		bail_out("mode=%s is not one that this program knows", mode);
	device->mode = device->domain->mode;
	device->domain->audit = &device->audit;
}

void device_open(struct device *device, unsigned int type, unsigned int nth)
{
	struct vdma_config_space config;
	struct vdma_registers regs;

	*device = (struct device){ .pci = device_find(type, nth) };
	if (!device->pci)
		bail_out("no virtio device number %u of type %u", nth, type);
	config = config_space(device->pci);
	regs = bar_registers(device->pci);
	must(device, vdma_virtio_find(&device->virtio, &config, &regs,
				      &guest_clock, DEVICE_LIMIT_NS),
	     "transport");
	must(device, vdma_virtio_begin(&device->virtio, &device->offered),
	     "reset");
	device->nodes = pages_get(AUDIT_NODES * sizeof(*device->nodes));
	device->audit_lock = vdma_lock_of(&device->audit_spin);
	vdma_audit_init(&device->audit, device->nodes, AUDIT_NODES,
			audit_report, NULL, &device->audit_lock);
	open_domain(device);
}

void device_close(struct device *device)
{
	struct vdma_bypass reply;

	vdma_audit_finish(&device->audit);
	report(!vdma_audit_total(&device->audit),
	       "the audit of %u mappings at most has found nothing",
	       device->audit.live_max);
	if (device->mode == VDMA_MODE_BYPASS)
		must(device, vdma_bypass_disable(&guest_gate, &device->pci->fn,
						 &reply), "bypass off");
	pages_put(device->nodes, AUDIT_NODES * sizeof(*device->nodes));
}
