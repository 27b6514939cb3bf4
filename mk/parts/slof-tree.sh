# SPDX-License-Identifier: GPL-2.0-or-later
# SLOF's tree with our plugin, as it is after a build: for tests that change the plugin.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

. "$TOP/mk/parts/slof.sh"
part_inputs+=" mk/parts/slof.sh"

part_build() {
	local version

	apt_source trixie qemu
	version=$(cd src && dpkg-parsechangelog -S Version)
	cd src/roms/SLOF || exit 1
	note_version "qemu $version, SLOF $(cat VERSION)"

	slof_hook "$version"
	cp "$TOP/firmware/slof/vdma.fs" board-qemu/slof/
	slof_make slof-vdma.bin
	cp -a . "$OUT/tree"
}
