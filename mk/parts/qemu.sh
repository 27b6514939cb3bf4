# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU for pseries guests: Debian 13's, with our hypervisor side built in.
# What is ours is copied to hw/vdma; the hooks are the few lines that call it.
# It brings no firmware: its callers pass -bios or -L, and romfile= to a NIC.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_inputs='hypervisor/qemu include/vdma/abi.h'
part_disk_mib=2048
part_options=()         # more for configure
part_hooks=()           # more to apply

# apply_hook FILE: exactly, or not at all. A hook that found its place only by
# guessing may sit in the wrong function.
apply_hook() {
	local name=${1#"$TOP"/}

	patch -d src -p1 --fuzz=0 --batch --forward --no-backup-if-mismatch -i "$1" ||
		part_fail "$name does not apply to QEMU $(cat "$OUT/VERSION")"
}

# add_ours: our files and the hooks, into ./src.
add_ours() {
	local ours=$TOP/hypervisor/qemu hook

	mkdir -p src/hw/vdma src/include/vdma
	cp "$ours"/*.[ch] "$ours/meson.build" "$ours/trace-events" src/hw/vdma/
	cp "$TOP/include/vdma/abi.h" src/include/vdma/
	cp "$ours/devices.mak" src/configs/devices/ppc64-softmmu/vdma.mak
	for hook in "$ours"/hooks/*.patch "${part_hooks[@]}"; do
		apply_hook "$hook"
	done
}

# Debian 12's Meson is too old. pip and setuptools only spare the host
# python3-venv: QEMU's configure makes a virtual environment, but gets nothing.
python_tools() {
	apt_debs trixie amd64 meson python3-pycotap python3-pip python3-setuptools
	export PYTHONPATH=$PWD/root/usr/lib/python3/dist-packages
}

part_build() {
	local options=(
		--python=/usr/bin/python3
		--target-list=ppc64-softmmu
		--with-devices-ppc64=vdma
		--without-default-devices
		--without-default-features
		--disable-install-blobs
		--disable-docs
		--disable-tools
		--disable-debug-info
		--disable-werror
		--enable-attr
		--enable-fdt=system
		--enable-pixman
		--enable-slirp
		--enable-tcg
		--enable-trace-backends=log
		--enable-vhost-net
		--enable-vhost-user
		--enable-virtfs
		"${part_options[@]}"
	)

	apt_source trixie qemu
	note_version "$(cd src && dpkg-parsechangelog -S Version)"
	add_ours
	python_tools

	mkdir build "$OUT/bin"
	(cd build && ../src/configure "${options[@]}")
	ninja -C build -j "$JOBS" qemu-system-ppc64
	cp build/qemu-system-ppc64 "$OUT/bin/"
}
