# SPDX-License-Identifier: GPL-2.0-or-later
# libfdt's source, for programs that have no libc. It comes out of QEMU's source
# package, which is needed anyway, and there out of skiboot's unmodified copy: of
# those that are there, the one new enough to check a tree (fdt_check_full()).
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_newest="apt_version trixie source qemu"
part_disk_mib=1536

part_build() {
	local dir=src/roms/skiboot/libfdt

	apt_source trixie qemu
	note_version "of qemu $(cd src && dpkg-parsechangelog -S Version)"
	grep -q fdt_check_full "$dir/libfdt.h" || part_fail "no libfdt in roms/skiboot of QEMU's source"
	install -m 644 "$dir"/*.[ch] "$OUT/"
}
