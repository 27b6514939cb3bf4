# SPDX-License-Identifier: GPL-2.0-or-later
# The style checkers of the kernel and of QEMU, for `make lint`.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_newest="apt_version trixie ppc64el linux-source-6.12"
part_disk_mib=1536

part_build() {
	local scripts=(checkpatch.pl spelling.txt const_structs.checkpatch)

	apt_debs trixie ppc64el linux-source-6.12
	apt_source trixie qemu
	note_version "linux $(deb_version linux-source-6.12), qemu $(cd src && dpkg-parsechangelog -S Version)"
	mkdir -p "$OUT/linux" "$OUT/qemu"
	tar -xf root/usr/src/linux-source-6.12.tar.xz --strip-components=2 -C "$OUT/linux" \
		"${scripts[@]/#/linux-source-6.12/scripts/}"
	cp src/scripts/checkpatch.pl "$OUT/qemu/"
}
