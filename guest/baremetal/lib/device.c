// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Devices and their domains, as the command line asks for them. */
#include <libfdt.h>

#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/secure.h>
#include "args.h"
#include "base.h"
#include "clock.h"
#include "console.h"
#include "decide.h"
#include "device.h"
#include "hypercall.h"
#include "ktap.h"
#include "of.h"
#include "page.h"
#include "pci.h"
#include "registers.h"
#include "spinlock.h"
#include "windows.h"

#define AUDIT_NODES	32768

/* Without VDMA_AUDIT no mapping is recorded, and an empty record proves nothing. */
#ifdef VDMA_AUDIT
#define AUDITED	true
#else
#define AUDITED	false
#endif

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

static void device_audit_report(void *ctx, const struct vdma_audit_report *r)
{
	struct device *device = ctx;

	device->fault = *r;
	diag("audit: 0x%lx, %lu bytes, %s (%s; mapped %s, unmapped %s)", r->dma,
	     r->len, vdma_fault_text(r->fault), r->where ?: "-",
	     r->mapped ?: "-", r->unmapped ?: "-");
}

static void device_must(const struct device *device, int error, const char *what)
{
	if (error)
		bail_out("PCI %x: cannot %s: %s", device->pci->fn.config_addr,
			 what, vdma_strerror(error));
}

static void device_open_bypass(struct device *device)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	if (pci_bypass_property(device->pci, &window) != VDMA_PROPERTY_VALID)
		bail_out("PCI %x: cannot use bypass: not tagged by firmware",
			 device->pci->fn.config_addr);
	device_must(device, vdma_bypass_enable(device->plan.hv, &device->pci->fn, &window,
					       &reply), "enable bypass");
	device_must(device, vdma_domain_bypass(&device->linear, &guest_pages,
					       &reply.window, memory_end()),
			    "set up domain bypass");
}

static void device_open_identity(struct device *device)
{
	struct vdma_rtas rtas = window_rtas(device->pci);
	struct vdma_window all = { 0, memory_end() };

	device->window.hv = device->plan.hv;
	device->window.list = window_list();
	device_must(device, vdma_ddw_identity(&rtas, &device->pci->fn, memory_end(),
					      &device->window), "create an identity window");
	device->dynamic = true;
	all.base = device->window.base;
	device_must(device, vdma_domain_identity(&device->linear, &guest_pages, &all,
						 memory_end()), "set up domain identity");
}

/* Creates a dynamic window of 1 GiB, the size of the default one. */
static void device_open_dynamic(struct device *device, const char *page)
{
	static const char * const names[] = { "4k", "64k", "2m", "16m" };
	static const uint8_t shifts[] = { 12, 16, 21, 24 };
	struct vdma_rtas rtas = window_rtas(device->pci);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], page))
			break;
	}
	if (i == ARRAY_SIZE(names))
		bail_out("window=%s: not a page size", page);
	device->window.hv = device->plan.hv;
	device->window.list = window_list();
	device_must(device, vdma_ddw_create(&rtas, &device->pci->fn, shifts[i], GIB,
					    &device->window), "create a dynamic window");
	device->dynamic = true;
}

static void device_open_window(struct device *device)
{
	if (!strcmp(device->plan.window, "default"))
		window_default(device->pci, device->plan.hv, &device->window);
	else
		device_open_dynamic(device, device->plan.window);
}

static void device_make_tce_domain(struct device *device)
{
	uint32_t cached = device->plan.reuse;

	device->tce_private_len = vdma_tce_domain_private_size(&device->window,
							       cached);
	device->tce_private = pages_get(device->tce_private_len);
	device->tce_lock = spin_vdma_lock(&device->tce_spin);
	device_must(device, vdma_tce_domain_init(&device->tce, &guest_pages,
						 &device->window, cached,
						 &device->tce_lock,
						 device->tce_private),
		    "set up domain tce");
}

static void device_open_tce(struct device *device)
{
	device_open_window(device);
	device_make_tce_domain(device);
	device->domain = &device->tce.domain;
}

/* A device that ignores the IOMMU uses the pool's physical address. */
static void device_open_bounce(struct device *device)
{
	if (device->offered & VDMA_F_ACCESS_PLATFORM) {
		device_open_window(device);
		/* Just enough entries for the pool, and not address 0 */
		device->window.base += VDMA_UV_PAGE_SIZE;
		device->window.pages = bounce_size(&device->plan) >>
				       device->window.page_shift;
		device_make_tce_domain(device);
	} else {
		vdma_domain_direct(&device->linear, &guest_pages, memory_end());
	}
	bounce_open(device);
	device->domain = &device->bounce.domain;
}

static void device_close_tce(struct device *device)
{
	struct vdma_tce_counts counts;

	device_must(device, vdma_tce_domain_reuse(&device->tce, false), "switch the cache off");
	vdma_tce_domain_count(&device->tce, &counts);
	report(counts.used == !device->window.base && !counts.stuck,
	       "the window is empty again");
	pages_put(device->tce_private, device->tce_private_len);
}

static void device_close_window(struct device *device)
{
	if (device->tce_private)
		device_close_tce(device);
	if (device->dynamic) {
		struct vdma_rtas rtas = window_rtas(device->pci);

		device_must(device, vdma_ddw_remove(&rtas, &device->window),
			    "remove the window");
	}
	if (device->window.list.cpu)
		pages_put(device->window.list.cpu, 4096);
}

static void device_open_domain(struct device *device)
{
	const char *mode = device->plan.mode;
	bool f = device->offered & VDMA_F_ACCESS_PLATFORM;

	if (!strcmp(mode, "auto")) {
		decide(device->pci, device->offered, &device->decision);
		mode = vdma_mode_name(device->decision.mode);
	}
	/*
	 * Mode direct for a device with F, or an IOMMU mode for one without it, would
	 * send DMA to a wrong address.
	 */
	if (f == !strcmp(mode, "direct") && strcmp(mode, "bounce") &&
	    strcmp(mode, "refuse"))
		bail_out("PCI %x: cannot use mode=%s: ACCESS_PLATFORM is %soffered",
			 device->pci->fn.config_addr, mode, f ? "" : "not ");
	device->domain = &device->linear;
	if (!strcmp(mode, "direct"))
		vdma_domain_direct(&device->linear, &guest_pages,
				   memory_end());
	else if (!strcmp(mode, "bypass"))
		device_open_bypass(device);
	else if (!strcmp(mode, "identity"))
		device_open_identity(device);
	else if (!strcmp(mode, "tce"))
		device_open_tce(device);
	else if (!strcmp(mode, "bounce"))
		device_open_bounce(device);
	else if (!strcmp(mode, "refuse"))
		vdma_domain_refuse(&device->linear);
	else
		bail_out("mode=%s: unknown mode", mode);
	device->mode = device->domain->mode;
	device->domain->audit = &device->audit;
}

struct device_plan device_plan(void)
{
	return (struct device_plan){
		.hv = &guest_hv,
		.mode = arg("mode", "direct"),
		.window = arg("window", "default"),
		.reuse = (uint32_t)arg_number("reuse", 0),
		.pool_kib = (uint32_t)arg_number("pool", 0),
	};
}

void device_open(struct device *device, unsigned int type, unsigned int nth,
		 const struct device_plan *plan)
{
	struct vdma_config_space config;
	struct vdma_registers regs;

	*device = (struct device){ .pci = device_find(type, nth),
				   .plan = *plan };
	if (!device->pci)
		bail_out("cannot find virtio device %u of type %u", nth, type);
	config = registers_config(device->pci);
	regs = registers_bars(device->pci);
	device_must(device, vdma_virtio_find(&device->virtio, &config, &regs,
					     &guest_clock, DEVICE_LIMIT_NS),
		    "find the transport");
	device_must(device, vdma_virtio_begin(&device->virtio, &device->offered),
		    "reset the device");
	device->nodes = pages_get(AUDIT_NODES * sizeof(*device->nodes));
	device->audit_lock = spin_vdma_lock(&device->audit_spin);
	vdma_audit_init(&device->audit, device->nodes, AUDIT_NODES,
			device_audit_report, device, &device->audit_lock);
	device_open_domain(device);
}

void device_close(struct device *device)
{
	struct vdma_audit_counts counts;
	struct vdma_bypass reply;

	vdma_audit_finish(&device->audit);
	vdma_audit_count(&device->audit, &counts);
	if (AUDITED)
		report((counts.live_max || device->mode == VDMA_MODE_REFUSE) &&
		       counts.total == device->expected_faults,
		       "the audit has found %u faults, with up to %u mappings",
		       counts.total, counts.live_max);
	if (device->mode == VDMA_MODE_BYPASS)
		device_must(device, vdma_bypass_disable(device->plan.hv, &device->pci->fn,
							&reply), "disable bypass");
	if (device->mode == VDMA_MODE_BOUNCE)
		bounce_close(device);
	device_close_window(device);
	pages_put(device->nodes, AUDIT_NODES * sizeof(*device->nodes));
}
