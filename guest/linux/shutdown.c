// SPDX-License-Identifier: GPL-2.0
/*
 * The end of this kernel: devices are reset and bypass windows closed, so that
 * the next one, which kexec starts, finds them as after a reset of the machine.
 *
 * The kernel itself has only their bus mastering turned off, and virtio_pci of
 * the next kernel turns it on before it resets the device: in between, a device
 * would go on with the rings of this kernel, in memory that is the next one's.
 *
 * A kernel that panics gets no time for this. The one that kdump starts then has
 * memory of its own, in which this one has mapped nothing for a device.
 */
#include "compat.h"
#include "vdp.h"

/*
 * After device_shutdown(), which has stopped probing for good: no device is started
 * any more. The other CPUs are still online, and drivers at work there. May sleep.
 */
static void shutdown(void)
{
	vdp_lock();
	vdp_device_quiesce_all();
	vdp_unlock();
}

VDP_SYSCORE_SHUTDOWN(at_end, shutdown);

void vdp_shutdown_start(void)
{
	vdp_register_syscore(&at_end);
}

void vdp_shutdown_stop(void)
{
	vdp_unregister_syscore(&at_end);
}
