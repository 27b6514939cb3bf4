// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* The pool of a device in mode bounce. */
#include <vdma/error.h>
#include "base.h"
#include "clock.h"
#include "console.h"
#include "device.h"
#include "ktap.h"
#include "page.h"
#include "smp.h"
#include "spinlock.h"
#include "ultravisor.h"

#define ALIGN	128

uint64_t bounce_size(const struct device_plan *plan)
{
	return plan->pool_kib ? plan->pool_kib * KIB : VDMA_BOUNCE_SIZE;
}

static unsigned int bounce_cpu(void *ctx)
{
	(void)ctx;
	return this_cpu->index;
}

/* There is no better source of random numbers here than the time base. */
static struct vdma_bounce_config bounce_config(struct device *device)
{
	return (struct vdma_bounce_config){
		.memory = &guest_secure.memory,
		.parent = device->tce_private ? &device->tce.domain :
						&device->linear,
		.clear_unwritten = guest_secure.ultravisor,
		.size = bounce_size(&device->plan),
		.cpus = cpu_count(),
		.cpu = bounce_cpu,
		.lock = &device->bounce_lock,
		.copy = memcpy,
		.secret = { time_ns(), (uintptr_t)device },
	};
}

void bounce_open(struct device *device)
{
	struct vdma_bounce_config config = bounce_config(device);
	uint64_t shared = secure_counts().shared;
	int error;

	device->bounce_lock = spin_vdma_lock(&device->bounce_spin);
	device->bounce_private_len = vdma_bounce_private_size(&config);
	if (!device->bounce_private_len)
		bail_out("pool=%lu: invalid pool size", config.size / KIB);
	device->bounce_private = pages_get(device->bounce_private_len);
	error = vdma_bounce_init(&device->bounce, &config,
				 device->bounce_private);
	if (error)
		bail_out("PCI %x: cannot set up a pool of %lu KiB: %s",
			 device->pci->fn.config_addr, config.size / KIB,
			 vdma_strerror(error));
	report(secure_counts().shared - shared ==
	       config.size >> VDMA_UV_PAGE_SHIFT,
	       "a pool of %lu KiB is shared", config.size / KIB);
}

void bounce_close(struct device *device)
{
	struct vdma_bounce_counts counts;
	int error;

	vdma_bounce_count(&device->bounce, &counts);
	diag("pool: %lu bytes in, %lu out, %lu used at most, %lu times full",
	     counts.in, counts.out, counts.used_max, counts.full);
	report(!counts.live, "nothing is left in the pool");
	error = vdma_bounce_fini(&device->bounce);
	report(!error && !secure_counts().stuck,
	       "the pool is private again: %s", vdma_strerror(error));
	pages_put(device->bounce_private, device->bounce_private_len);
}
