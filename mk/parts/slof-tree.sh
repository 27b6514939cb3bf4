# SPDX-License-Identifier: GPL-2.0-or-later
# SLOF's tree with our plugin, for tests that change the plugin and build it.
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
	cp -a . "$OUT/tree"
}
