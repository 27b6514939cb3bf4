# SPDX-License-Identifier: GPL-2.0-or-later
# What a module for kernel-secure-6.12 is built against: that part has it.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/part reads and sets variables

part_deps="kernel-secure-6.12"
part_disk_mib=1

part_build() {
	note_version "$(cat "$DEP_kernel_secure_6_12/VERSION")"
	ln -s "../${DEP_kernel_secure_6_12##*/}/build" "$OUT/build"
}
