# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries of vdmactl for the guest, to be linked statically. From the
# release whose cross compiler and C library build it.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_newest="apt_version bookworm ppc64el libfdt-dev"
part_disk_mib=64

part_build() {
	apt_debs --only bookworm ppc64el libfdt-dev libjansson-dev
	note_version "libfdt $(deb_version libfdt-dev), jansson $(deb_version libjansson-dev)"
	mkdir -p "$OUT/include" "$OUT/lib"
	cp root/usr/include/{fdt,libfdt,libfdt_env,jansson,jansson_config}.h "$OUT/include/"
	cp root/usr/lib/powerpc64le-linux-gnu/lib{fdt,jansson}.a "$OUT/lib/"
}
