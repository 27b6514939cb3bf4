# SPDX-License-Identifier: GPL-2.0-or-later
# A 6.1 kernel with PPC_SVM, from Debian's source package.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_inputs="mk/parts/kernel-secure.inc"
part_disk_mib=6144

. "$TOP/mk/parts/kernel-secure.inc"

part_build() { secure_build bookworm 6.1; }
