# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's userland: one static binary, the same for both kernels.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_newest="apt_version trixie ppc64el busybox-static"
part_disk_mib=64

part_build() {
	apt_debs trixie ppc64el busybox-static
	note_version "$(deb_version busybox-static)"
	cp root/usr/bin/busybox "$OUT/busybox"
}
