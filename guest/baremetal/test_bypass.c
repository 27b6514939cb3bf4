// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H_DMA_BYPASS through the library, on the real hypervisor. The machine has three rngs:
 * with F, without F, and with F but bypass switched off by the administrator.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/clock.h"
#include "lib/device.h"
#include "lib/hypercall.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/pci.h"
#include "lib/registers.h"
#include "lib/tree.h"

static void check(int got, int expected, const char *what)
{
	report(got == expected, "%s: %s", what, vdma_strerror(got));
}

/* A device that may not bypass is not tagged, and both calls are refused. */
static void refused(const struct pci_function *pci, const char *which)
{
	struct vdma_window window;
	struct vdma_bypass reply;

	report(pci_bypass_property(pci, &window) == VDMA_PROPERTY_ABSENT,
	       "%s: not tagged", which);
	check(vdma_bypass_query(&guest_hv, &pci->fn, &reply),
	      VDMA_E_REFUSED, which);
	check(vdma_bypass_enable(&guest_hv, &pci->fn, &window, &reply),
	      VDMA_E_REFUSED, which);
}

/* Each wrong argument has its own error. */
static void wrong_arguments(const struct pci_function *pci)
{
	struct vdma_function fn = pci->fn;
	struct vdma_bypass reply;

	fn.buid++;
	check(vdma_bypass_query(&guest_hv, &fn, &reply), VDMA_E_NO_PHB,
	      "query with an unknown BUID");
	fn = pci->fn;
	fn.config_addr ^= 0x1f00;
	check(vdma_bypass_query(&guest_hv, &fn, &reply), VDMA_E_NO_DEVICE,
	      "query of an unknown function");
	fn = pci->fn;
	fn.config_addr |= 1;
	check(vdma_bypass_query(&guest_hv, &fn, &reply), VDMA_E_ARGUMENT,
	      "query with a reserved bit set");
}

/* An operation that is not defined is H_PARAMETER. */
static void unknown_operation(const struct pci_function *pci)
{
	struct vdma_hcall call = {
		.opcode = VDMA_H_DMA_BYPASS,
		.in = { VDMA_BYPASS_DISABLE + 1, pci->fn.buid,
			pci->fn.config_addr },
	};
	int64_t status = hcall(&call);

	report(status == VDMA_H_PARAMETER, "an unknown operation: %ld", status);
}

/* Firmware's tag and the hypervisor agree; enable and disable can be repeated. */
static void switching(const struct pci_function *pci)
{
	struct vdma_window window, other;
	struct vdma_bypass reply;
	const struct vdma_hv_ops *hv = &guest_hv;

	report(pci_bypass_property(pci, &window) == VDMA_PROPERTY_VALID,
	       "firmware has tagged the first");
	check(vdma_bypass_query(hv, &pci->fn, &reply), VDMA_OK, "query");
	report(reply.supported && !reply.enabled &&
	       vdma_window_equal(&reply.window, &window),
	       "query agrees with firmware, and bypass is off");
	report(reply.window.base == 1ul << VDMA_BYPASS_WINDOW_SHIFT &&
	       reply.window.size >= memory_end(),
	       "the window, at 0x%lx, reaches all memory", reply.window.base);

	other = window;
	other.size += 1ul << 16;
	check(vdma_bypass_enable(hv, &pci->fn, &other, &reply),
	      VDMA_E_DISAGREES, "enable with another window");
	vdma_bypass_query(hv, &pci->fn, &reply);
	report(!reply.enabled, "and is undone");
	check(vdma_bypass_enable(hv, &pci->fn, &window, &reply), VDMA_OK,
	      "enable");
	check(vdma_bypass_enable(hv, &pci->fn, &window, &reply), VDMA_OK,
	      "enable again");
	check(vdma_bypass_disable(hv, &pci->fn, &reply), VDMA_OK, "disable");
	check(vdma_bypass_disable(hv, &pci->fn, &reply), VDMA_OK,
	      "disable again");
}

/* Disable is refused while a driver runs the device. */
static void live(const struct pci_function *pci)
{
	struct vdma_config_space config = registers_config(pci);
	struct vdma_registers regs = registers_bars(pci);
	const struct vdma_hv_ops *hv = &guest_hv;
	struct vdma_virtio virtio;
	struct vdma_window window;
	struct vdma_bypass reply;
	uint64_t offered;

	pci_bypass_property(pci, &window);
	check(vdma_virtio_find(&virtio, &config, &regs, &guest_clock,
			       DEVICE_LIMIT_NS), VDMA_OK, "transport");
	check(vdma_bypass_enable(hv, &pci->fn, &window, &reply), VDMA_OK,
	      "enable");
	check(vdma_virtio_begin(&virtio, &offered), VDMA_OK, "begin");
	check(vdma_virtio_features(&virtio, VDMA_F_VERSION_1), VDMA_E_FEATURES,
	      "features without ACCESS_PLATFORM");
	check(vdma_virtio_begin(&virtio, &offered), VDMA_OK, "begin again");
	check(vdma_virtio_features(&virtio, VDMA_F_VERSION_1 |
				   VDMA_F_ACCESS_PLATFORM), VDMA_OK,
	      "features");
	vdma_virtio_ready(&virtio);
	check(vdma_bypass_disable(hv, &pci->fn, &reply), VDMA_E_BUSY,
	      "disable of a live device");
	vdma_bypass_query(hv, &pci->fn, &reply);
	report(reply.enabled, "the window stays open");
	check(vdma_virtio_reset(&virtio), VDMA_OK, "reset");
	check(vdma_bypass_disable(hv, &pci->fn, &reply), VDMA_OK,
	      "disable after the reset");
	check(vdma_bypass_enable(hv, &pci->fn, &window, &reply), VDMA_OK,
	      "enable once more");
	check(vdma_bypass_disable(hv, &pci->fn, &reply), VDMA_OK,
	      "disable once more");
}

/* The hypervisor answers as docs/abi/h-dma-bypass.md says, for each kind of device. */
static void bypass(void)
{
	const struct pci_function *first = device_find(TYPE_RNG, 0);
	const struct pci_function *no_f = device_find(TYPE_RNG, 1);
	const struct pci_function *off = device_find(TYPE_RNG, 2);

	if (!report(first && no_f && off, "three rngs"))
		return;
	report(tree_has_hypertas(VDMA_HYPERTAS_NAME),
	       "the hypervisor announces the call");
	wrong_arguments(first);
	unknown_operation(first);
	switching(first);
	live(first);
	refused(no_f, "without ACCESS_PLATFORM");
	refused(off, "switched off by the administrator");
}

GUEST_TEST(bypass, bypass);

/* On a hypervisor without the call, nothing is announced or tagged. */
static void no_bypass(void)
{
	const struct pci_function *pci = device_find(TYPE_RNG, 0);
	struct vdma_window window;
	struct vdma_bypass reply;

	if (!report(pci, "an rng"))
		return;
	report(!tree_has_hypertas(VDMA_HYPERTAS_NAME),
	       "the hypervisor does not announce the call");
	report(pci_bypass_property(pci, &window) == VDMA_PROPERTY_ABSENT,
	       "firmware has not tagged the device");
	check(vdma_bypass_query(&guest_hv, &pci->fn, &reply),
	      VDMA_E_UNSUPPORTED, "query");
}

GUEST_TEST(no_bypass, no_bypass);
