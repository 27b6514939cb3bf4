// SPDX-License-Identifier: GPL-2.0
/*
 * Before kexec: resets devices and closes bypass windows, so that the next kernel finds
 * them as after a reset of the machine.
 *
 * The kernel itself only turns off bus mastering, and virtio_pci of the next kernel turns
 * it on before it resets the device: in between, a device would go on with the rings of
 * this kernel, in memory of the next one.
 *
 * A kernel that panics has no time for this. The kernel that kdump starts then has memory
 * of its own, in which this one has mapped nothing for a device.
 */
#include "compat.h"
#include "vdp.h"

/*
 * After device_shutdown(), which has stopped probing for good: no device is started
 * any more. The other CPUs are still online, and drivers at work there. May sleep.
 */
static void shutdown_quiesce(void)
{
	vdp_lock();
	vdp_device_quiesce_all();
	vdp_unlock();
}

VDP_SYSCORE_SHUTDOWN(shutdown_ops, shutdown_quiesce);

void vdp_shutdown_start(void)
{
	vdp_register_syscore(&shutdown_ops);
}

void vdp_shutdown_stop(void)
{
	vdp_unregister_syscore(&shutdown_ops);
}
