# SPDX-License-Identifier: GPL-2.0-or-later
# SLOF from QEMU's source package, as it is and with our plugin in the ROM.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_inputs="firmware/slof/vdma.fs firmware/slof/hooks"
part_newest="apt_version trixie source qemu"
part_disk_mib=1536

# SLOF's makefiles have a variable TOP of their own, for their tree.
slof_make() {
	env -u TOP make -j"$JOBS" CROSS=powerpc64-linux-gnu- qemu
	install -m 644 boot_rom.bin "$OUT/$1"
}

# slof_source: fetches its tree and goes there.
slof_source() {
	apt_source trixie qemu
	version=$(cd src && dpkg-parsechangelog -S Version)
	cd src/roms/SLOF || exit 1
	note_version "qemu $version, SLOF $(cat VERSION)"
}

# slof_plugin: puts our plugin into the tree.
slof_plugin() {
	local hook

	for hook in "$TOP"/firmware/slof/hooks/*.patch; do
		patch --forward --fuzz=0 --no-backup-if-mismatch -p1 <"$hook" ||
			part_fail "firmware/slof/hooks/${hook##*/} does not apply to SLOF of qemu $version"
	done
	cp "$TOP/firmware/slof/vdma.fs" board-qemu/slof/
}

part_build() {
	local version

	slof_source
	slof_make slof.bin
	slof_plugin
	slof_make slof-vdma.bin
}
