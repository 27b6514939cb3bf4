// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: the administrator's requests.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/mmzone.h>
#include <vdma/bounce.h>
#include "vdp.h"

static char *mode = "auto";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "mode for all devices: auto, identity, tce, bounce or bypass");

static char *override = "";
module_param(override, charp, 0444);
MODULE_PARM_DESC(override, "modes for single devices: 0000:00:01.0=tce,...");

static bool secure_quirk = true;
module_param(secure_quirk, bool, 0444);
MODULE_PARM_DESC(secure_quirk, "in a secure guest, bounce for devices without ACCESS_PLATFORM");

static uint pool_kib;
module_param(pool_kib, uint, 0444);
MODULE_PARM_DESC(pool_kib, "size of each device's bounce pool in KiB, rounded up to 64; 0: by kind of device");

/* A pool is one block of the page allocator. */
#define POOL_MAX	((u64)MAX_ORDER_NR_PAGES << PAGE_SHIFT)

static enum vdma_mode default_request = VDMA_MODE_AUTO;

/* "refuse" cannot be requested. */
static bool params_parse_mode(const char *text, size_t len, enum vdma_mode *request)
{
	return vdma_mode_parse(text, len, request) &&
	       *request != VDMA_MODE_REFUSE;
}

struct override {
	unsigned int domain, bus, slot, fn;
	enum vdma_mode request;
};

/*
 * Parses one "DDDD:BB:DD.F=MODE", which ends at a comma or at the end of the string.
 * Returns the next one, or NULL on an error.
 */
static const char *params_parse_override(const char *text, struct override *o)
{
	int used = 0;
	size_t len;

	if (sscanf(text, "%x:%x:%x.%x=%n", &o->domain, &o->bus, &o->slot,
		   &o->fn, &used) != 4 || !used)
		return NULL;
	/* PCI_DEVFN() would truncate it to the address of another function. */
	if (o->bus > 0xff || o->slot > 0x1f || o->fn > 7)
		return NULL;
	text += used;
	len = strcspn(text, ",");
	if (!params_parse_mode(text, len, &o->request))
		return NULL;
	return text[len] ? text + len + 1 : text + len;
}

/**
 * vdp_params_check() - check the parameters, before they are used
 *
 * Return: 0, or -EINVAL with a message that names the parameter.
 */
int vdp_params_check(void)
{
	const char *next, *text;
	struct override o;

	if (!params_parse_mode(mode, strlen(mode), &default_request)) {
		pr_err("cannot load: mode=%s: unknown mode\n", mode);
		return -EINVAL;
	}
	for (text = override; *text; text = next) {
		next = params_parse_override(text, &o);
		if (!next) {
			pr_err("cannot load: override=%s: not a list of 0000:00:01.0=MODE,...\n",
			       text);
			return -EINVAL;
		}
	}
	/* Whole requests have to fit, together with rings and other requests. */
	if (pool_kib && (pool_kib < VDMA_BOUNCE_SIZE >> 10 ||
			 pool_kib > POOL_MAX >> 10)) {
		pr_err("cannot load: pool_kib=%u: not 0 or %llu to %llu\n",
		       pool_kib, VDMA_BOUNCE_SIZE >> 10, POOL_MAX >> 10);
		return -EINVAL;
	}
	return 0;
}

/**
 * vdp_params_request() - mode that the administrator requests
 * @pdev: the device
 *
 * Return: that of the last override that names it, or else the mode for all.
 */
enum vdma_mode vdp_params_request(const struct pci_dev *pdev)
{
	enum vdma_mode request = default_request;
	const char *text = override;
	struct override o;

	while (*text) {
		text = params_parse_override(text, &o);
		if (o.domain == pci_domain_nr(pdev->bus) &&
		    o.bus == pdev->bus->number &&
		    PCI_DEVFN(o.slot, o.fn) == pdev->devfn)
			request = o.request;
	}
	return request;
}

/**
 * vdp_params_pool_size() - size of each device's pool
 *
 * Return: bytes, a multiple of VDMA_BOUNCE_SIZE_ALIGN; 0 for the default of its type.
 */
u64 vdp_params_pool_size(void)
{
	return ALIGN((u64)pool_kib << 10, VDMA_BOUNCE_SIZE_ALIGN);
}

bool vdp_params_secure_quirk(void)
{
	return secure_quirk;
}
