# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# More of what guests that are secure VMs do. Sourced after /lib/vdma.sh.

# A device that no driver protects: bound to none, and made to use a private page by hand.
CONTROL=0000:00:1f.0

# Before the bus is loaded: no driver is to take the control.
keep_control() {
	echo none >"$PCI/$CONTROL/driver_override"
}

# poke OFFSET BITS VALUE: into the control's registers. QEMU has them in BAR 4:
# the common configuration at 0, the doorbells at 0x3000.
poke() {
	devmem $((CONTROL_BAR + $1)) "$2" "$3"
}

# run_control: give the device a ring in the kernel's own text, which is private
# and, as a ring, holds an index that no device follows; then ring the bell.
# Registers: struct virtio_pci_common_cfg (virtio 1.2, 4.1.4.3).
run_control() {
	local ring=0x100000 status

	CONTROL_BAR=$(sed -n '5s/ .*//p' "$PCI/$CONTROL/resource")
	echo 1 >"$PCI/$CONTROL/enable"
	printf '\006' | dd of="$PCI/$CONTROL/config" bs=1 seek=4 conv=notrunc status=none
	for status in 0 1 3; do
		poke 0x14 8 "$status"
	done
	# VERSION_1, and nothing else
	poke 0x08 32 1
	poke 0x0c 32 1
	poke 0x14 8 0xb
	poke 0x16 16 0
	poke 0x20 32 "$ring"
	poke 0x28 32 "$ring"
	poke 0x30 32 "$ring"
	poke 0x1c 16 1
	poke 0x14 8 0xf
	poke 0x3000 16 0
}

# begin [PARAMETER ...]: our module, with parameters, and then all others.
begin() {
	ask start
	load policy "$@"
	keep_control
	load bus
	load drivers
	load more
	settle
}

# give_back: once all work is done, let the guard see the control, take all
# devices from their drivers, and unload our module.
give_back() {
	ask used
	run_control
	unbind_all
	! [ -d /sys/module/virtio_dma_policy ] || rmmod virtio_dma_policy || fail rmmod
	ask end
}

# write_files FUNCTION: 16 files at a time to its folder by 9p, with the largest
# requests, and back.
write_files() {
	local tag i bad=0

	tag=$(tr -d '\000' <"$(echo "$PCI/$1"/virtio*/mount_tag)")
	mkdir -p "/run/$tag"
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576 "$tag" "/run/$tag" ||
		return 1
	for i in $(seq 16); do
		dd if=/payload of="/run/$tag/large$i" bs=1M status=none || echo "$i" >>/run/bad &
	done
	wait
	for i in $(seq 16); do
		cmp -s /payload "/run/$tag/large$i" || bad=1
		rm -f "/run/$tag/large$i"
	done
	umount "/run/$tag"
	! [ -e /run/bad ] && return $bad
}

# memory: what the kernel has, in KiB.
memory() {
	awk '/^MemTotal/ { print $2 }' /proc/meminfo
}

# balloon_moves: the host takes memory and gives it back.
balloon_moves() {
	local before low

	ls /sys/bus/virtio/drivers/virtio_balloon/virtio* >/dev/null 2>&1 || return 0
	before=$(memory)
	ask inflate
	low=$(memory)
	ask deflate
	report balloon "before=$before" "low=$low" "after=$(memory)"
}

# unbind_all: take all virtio functions from their drivers.
unbind_all() {
	local path

	for path in /sys/bus/pci/drivers/virtio-pci/*:*:*.*; do
		[ -e "$path" ] && echo "${path##*/}" >/sys/bus/pci/drivers/virtio-pci/unbind
	done
}
