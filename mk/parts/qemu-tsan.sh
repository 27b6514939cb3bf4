# SPDX-License-Identifier: GPL-2.0-or-later
# The same QEMU with ThreadSanitizer: what two threads do to each other's data.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

. "$TOP/mk/parts/qemu.sh"

part_inputs='mk/parts/qemu.sh hypervisor/qemu include/vdma/abi.h'
part_disk_mib=4096

# A report is of use with function names and lines; gcc's sanitizer knows nothing of
# fences, and says so for each.
part_options=(--enable-tsan --enable-debug-info --extra-cflags=-Wno-tsan)
