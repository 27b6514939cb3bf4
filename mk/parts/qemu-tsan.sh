# SPDX-License-Identifier: GPL-2.0-or-later
# The same QEMU with ThreadSanitizer: what two threads do to each other's data.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

. "$TOP/mk/parts/qemu.sh"

part_inputs='mk/parts/qemu.sh mk/parts/qemu-tsan.patch hypervisor/qemu include/vdma/abi.h'
part_disk_mib=4096

# A report is of use with function names and lines; gcc's sanitizer knows nothing of
# fences, and says so for each. Nor does it know glibc's checked longjmp(), by which
# a vCPU leaves a helper: with each it took its stack for deeper, until it crashed.
part_options=(
	--enable-tsan
	--enable-debug-info
	--extra-cflags='-Wno-tsan -D_FORTIFY_SOURCE=0'
)
part_hooks=("$TOP/mk/parts/qemu-tsan.patch")
