# SPDX-License-Identifier: GPL-2.0-or-later
# The same QEMU without anything of ours, to compare with.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

. "$TOP/mk/parts/qemu.sh"

part_inputs='mk/parts/qemu.sh hypervisor/qemu/devices.mak'

add_ours() {
	cp "$TOP/hypervisor/qemu/devices.mak" src/configs/devices/ppc64-softmmu/vdma.mak
}
