# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's unmodified 6.1 kernel for ppc64el, with the packages of its headers.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_inputs="mk/parts/kernel.inc"
part_disk_mib=1024

. "$TOP/mk/parts/kernel.inc"

part_build() { kernel_build bookworm 6.1; }
