# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU of the table mk/qemus: $OUT/bin/qemu-system-ppc64.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/part reads and sets variables

read_row qemus "$ROW"
# shellcheck source=/dev/null # qemu-built.inc or qemu-debian.inc
. "$TOP/mk/parts/qemu-$row_way.inc"
