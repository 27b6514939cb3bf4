# SPDX-License-Identifier: GPL-2.0-or-later
# What a module for a kernel of the table mk/kernels is built against on this
# machine: `make -C $OUT/build M=…` needs no other variable. Kernels that are built
# here have it in their own part.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/part reads and sets variables

read_row kernels "$ROW"
part_deps="kernel-$ROW"
# shellcheck source=/dev/null # headers-debian.inc or headers-built.inc
. "$TOP/mk/parts/headers-$row_way.inc"
