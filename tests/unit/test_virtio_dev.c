// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Promise: a device is initialized in the order that virtio 1.2, 3.1.1 requires, and each
 * way in which a device may refuse, hang, break or vanish has its error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "pci_model.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define F_BASE		(VDMA_F_VERSION_1 | VDMA_F_ACCESS_PLATFORM)

/* All structures are found; without a required one the device is refused. */
static void finds_its_registers(void **state)
{
	struct model *m = model_new();
	struct pci *p = pci_new(m, F_BASE, 1, 8);
	struct vdma_virtio dev;

	(void)state;
	assert_int_equal(pci_find(p, &dev), VDMA_OK);
	assert_int_equal(dev.common.offset, 0);
	assert_int_equal(dev.isr.offset, PCI_ISR);
	assert_int_equal(dev.notify.offset, PCI_NOTIFY);
	assert_int_equal(dev.notify_multiplier, PCI_MULTIPLIER);
	p->isr = 3;
	assert_int_equal(vdma_virtio_isr(&dev), 3);
	assert_int_equal(vdma_virtio_isr(&dev), 0);

	/* each structure in turn is missing */
	p->space[0x63] = 9;
	assert_int_equal(pci_find(p, &dev), VDMA_OK);
	assert_int_equal(dev.config.length, 0);
	assert_true(vdma_virtio_config(&dev, 0, 4) == ~0ull);
	p->space[0x53] = 9;
	assert_int_equal(pci_find(p, &dev), VDMA_E_BAD_CAPS);
	p->space[0x53] = 3;
	p->space[0x73] = 9;
	assert_int_equal(pci_find(p, &dev), VDMA_E_BAD_CAPS);
	p->space[0x43] = 9;
	assert_int_equal(pci_find(p, &dev), VDMA_E_NO_COMMON_CFG);
	pci_free(p);
	model_free(m);
}

/* A slow reset is waited for, within the limit. */
static void reset_takes_time(void **state)
{
	struct model *m = model_new();
	struct pci *p = pci_new(m, F_BASE, 1, 8);
	struct vdma_virtio dev;
	uint64_t offered;

	(void)state;
	pci_find(p, &dev);
	p->reset_reads = 100;
	assert_int_equal(vdma_virtio_begin(&dev, &offered), VDMA_OK);
	assert_int_equal(p->reset_reads, 0);
	assert_true(offered == F_BASE);
	assert_int_equal(p->status, 3);
	p->reset_reads = 1000000;
	assert_int_equal(vdma_virtio_reset(&dev), VDMA_E_TIMEOUT);
	assert_true(p->now < 3000);
	pci_free(p);
	model_free(m);
}

/* Features that driver or device refuse set FAILED. */
static void features(void **state)
{
	static const struct {
		uint64_t offered, taken;
		bool refuses;
		int error;
		uint8_t status;
	} cases[] = {
		{ F_BASE, F_BASE, false, VDMA_OK, 0x0b },
		{ F_BASE, F_BASE, true, VDMA_E_FEATURES, 0x83 },
		{ F_BASE, F_BASE | 1, false, VDMA_E_FEATURES, 0x83 },
		{ F_BASE | 1, 1, false, VDMA_E_FEATURES, 0x83 },
		{ 1, 1, false, VDMA_E_FEATURES, 0x83 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model *m = model_new();
		struct pci *p = pci_new(m, cases[i].offered, 1, 8);
		struct vdma_virtio dev;
		uint64_t offered;

		p->refuses = cases[i].refuses;
		pci_find(p, &dev);
		assert_int_equal(vdma_virtio_begin(&dev, &offered), VDMA_OK);
		assert_int_equal(vdma_virtio_features(&dev, cases[i].taken),
				 cases[i].error);
		assert_int_equal(p->status, cases[i].status);
		assert_true(dev.features == (cases[i].error ? 0 :
					     cases[i].taken));
		pci_free(p);
		model_free(m);
	}
}

/* A device that needs a reset, or is gone, is noticed. */
static void health(void **state)
{
	struct model *m = model_new();
	struct pci *p = pci_new(m, F_BASE, 1, 8);
	struct vdma_virtio dev;

	(void)state;
	pci_find(p, &dev);
	p->status = 0x0f;
	assert_int_equal(vdma_virtio_check(&dev), VDMA_OK);
	p->status = 0x4f;
	assert_int_equal(vdma_virtio_check(&dev), VDMA_E_NEEDS_RESET);
	p->status = 0x0f;
	p->gone = true;
	assert_int_equal(vdma_virtio_check(&dev), VDMA_E_NEEDS_RESET);
	pci_free(p);
	model_free(m);
}

/* An 8-byte field that changes during a read is read again. */
static void torn_configuration(void **state)
{
	struct model *m = model_new();
	struct pci *p = pci_new(m, F_BASE, 1, 8);
	struct vdma_virtio dev;

	(void)state;
	pci_find(p, &dev);
	memset(p->config, 0x11, 8);
	p->changes_once = true;
	assert_true(vdma_virtio_config(&dev, 0, 8) == 0x2222222222222222ull);
	assert_true(vdma_virtio_config(&dev, 61, 4) == ~0ull);
	pci_free(p);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_its_registers),
		cmocka_unit_test(reset_takes_time),
		cmocka_unit_test(features),
		cmocka_unit_test(health),
		cmocka_unit_test(torn_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
