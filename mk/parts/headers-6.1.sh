# SPDX-License-Identifier: GPL-2.0-or-later
# What a module for kernel-6.1 is built against, on this machine.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/part reads and sets variables

part_inputs="mk/parts/headers.inc"
part_deps="kernel-6.1"
part_disk_mib=256

. "$TOP/mk/parts/headers.inc"

part_build() { headers_build "$DEP_kernel_6_1"; }
