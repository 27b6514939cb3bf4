// SPDX-License-Identifier: GPL-2.0-or-later
/* Dynamic windows: created, exhausted, removed, reset, and not supported */
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/disk.h"
#include "lib/device.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/lopar.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/tree.h"
#include "lib/windows.h"

static struct vdma_tce_window blank(void)
{
	struct vdma_tce_window window = { .hv = &guest_hv,
					  .list = window_list() };

	return window;
}

static bool offered(const struct vdma_rtas *rtas,
		    const struct vdma_function *fn, uint32_t windows)
{
	struct vdma_ddw_offer offer;

	return !vdma_ddw_query(rtas, fn, &offer) && offer.windows == windows;
}

/* Windows come and go as RTAS says; QEMU has one besides the default window. */
static void ddw(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = window_rtas(pci);
	struct vdma_tce_window window = blank(), second = blank();
	struct vdma_ddw_offer offer;
	int error;

	report(!vdma_ddw_query(&rtas, &pci->fn, &offer) && offer.windows == 1,
	       "%u window, page sizes 0x%lx", offer.windows, offer.page_sizes);
	error = vdma_ddw_identity(&rtas, &pci->fn, memory_end(), &window);
	report(!error && window.pages << window.page_shift >= memory_end(),
	       "identity: %s, at 0x%lx, pages of 2^%u", vdma_strerror(error),
	       window.base, window.page_shift);
	report(offered(&rtas, &pci->fn, 0), "no window is left");
	error = vdma_ddw_identity(&rtas, &pci->fn, memory_end(), &second);
	report(error == VDMA_E_NO_SPACE, "another one: %s", vdma_strerror(error));
	error = vdma_ddw_remove(&rtas, &window);
	report(!error && offered(&rtas, &pci->fn, 1), "remove: %s",
	       vdma_strerror(error));
	error = vdma_ddw_remove(&rtas, &window);
	report(error == VDMA_E_RTAS, "remove it again: %s",
	       vdma_strerror(error));

	error = vdma_ddw_create(&rtas, &pci->fn, 16, GIB, &window);
	report(!error, "create: %s", vdma_strerror(error));
	error = vdma_ddw_reset(&rtas, &pci->fn);
	report(!error && offered(&rtas, &pci->fn, 1), "reset: %s",
	       vdma_strerror(error));
	error = vdma_ddw_identity(&rtas, &pci->fn, 1ul << 62, &window);
	report(error == VDMA_E_RANGE && offered(&rtas, &pci->fn, 1),
	       "memory that no window can map: %s", vdma_strerror(error));
	pages_put(window.list.cpu, 4096);
	pages_put(second.list.cpu, 4096);
}

GUEST_TEST(ddw, ddw);

/* ibm,create-pe-dma-window with any numbers: the status */
static int32_t create_raw(const struct vdma_rtas *rtas,
			  const struct vdma_function *fn, uint32_t page_shift,
			  uint32_t window_shift)
{
	const uint32_t in[] = { fn->config_addr, (uint32_t)(fn->buid >> 32),
				(uint32_t)fn->buid, page_shift, window_shift };
	uint32_t out[4];

	return rtas->call(rtas->ctx, rtas->create, in, ARRAY_SIZE(in), out,
			  ARRAY_SIZE(out));
}

/* A window that QEMU can't count the TCEs of is refused, as often as it is asked for. */
static void ddw_uncounted(void)
{
	static const uint32_t shifts[][2] = {
		{ 12, 12 + 32 }, { 12, 12 + 32 }, { 12, 12 + 64 },
		{ 64 + 12, 64 + 30 }, { 12, ~0u },
	};
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = window_rtas(pci);
	struct vdma_tce_window window = blank();
	size_t i;
	int error;

	for (i = 0; i < ARRAY_SIZE(shifts); i++)
		report(create_raw(&rtas, &pci->fn, shifts[i][0],
				  shifts[i][1]) == RTAS_PARAMETER,
		       "pages of 2^%u, a window of 2^%u bytes", shifts[i][0],
		       shifts[i][1]);
	report(offered(&rtas, &pci->fn, 1), "a window is left");
	error = vdma_ddw_create(&rtas, &pci->fn, 16, GIB, &window);
	error |= vdma_ddw_remove(&rtas, &window);
	report(!error, "it comes and goes: %s", vdma_strerror(error));
	pages_put(window.list.cpu, 4096);
}

GUEST_TEST(ddw_uncounted, ddw_uncounted);

/* The window of a device that is not on PCI is no dynamic window. */
static void ddw_foreign(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = window_rtas(pci);
	struct vdma_tce_window window = {
		.liobn = (uint32_t)arg_number("liobn", 0),
	};
	int error = vdma_ddw_remove(&rtas, &window);

	report(error == VDMA_E_RTAS, "remove LIOBN 0x%x: %s", window.liobn,
	       vdma_strerror(error));
}

GUEST_TEST(ddw_foreign, ddw_foreign);

/*
 * While a dynamic window is there, the default one is replaced: the new one has a place of
 * its own, and a back end that listens to both is told of each.
 */
static void ddw_places(void)
{
	struct vdma_blk_config config = disk_config();
	struct vdma_tce_window first = { .hv = &guest_hv }, other = first;
	struct vdma_tce_window all = first;
	struct vdma_rtas rtas;
	const struct vdma_function *fn;
	struct disk disk;
	int error;

	disk_open(&disk, &config);
	fn = &disk.device.pci->fn;
	rtas = window_rtas(disk.device.pci);
	window_default(disk.device.pci, &guest_hv, &all);
	error = vdma_ddw_create(&rtas, fn, 12, 4 * KIB, &first);
	error |= vdma_ddw_remove(&rtas, &all);
	error |= vdma_ddw_create(&rtas, fn, 24, GIB, &other);
	report(!error, "create, remove the default window, create: %s",
	       vdma_strerror(error));
	report(first.base != other.base, "windows at 0x%lx and 0x%lx",
	       first.base, other.base);
	error = vdma_tce_enter(&other, 0, 2, 0, VDMA_BIDIRECTIONAL);
	error |= vdma_tce_clear(&other, 0, 2);
	report(!error, "TCEs are entered and cleared: %s", vdma_strerror(error));
	error = vdma_ddw_reset(&rtas, fn);
	report(!error && offered(&rtas, fn, 1), "reset: %s",
	       vdma_strerror(error));
	disk_close(&disk);
	pages_put(all.list.cpu, 4096);
}

GUEST_TEST(ddw_places, ddw_places);

/* The library finds no dynamic windows on a PHB without them. */
static void ddw_absent(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_rtas rtas = { 0 };
	struct vdma_ddw_offer offer;

	report(pci && !tree_cells(pci->phb, "ibm,ddw-applicable", 1),
	       "the PHB has no dynamic windows");
	rtas = window_rtas(pci);
	report(vdma_ddw_query(&rtas, &pci->fn, &offer), "query fails");
}

GUEST_TEST(ddw_absent, ddw_absent);
