# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel of the table mk/kernels. $OUT has vmlinux, config, release, lib/modules
# and what headers@.sh needs.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/part reads and sets variables

read_row kernels "$ROW"
# shellcheck source=/dev/null # kernel-debian.inc or kernel-built.inc
. "$TOP/mk/parts/kernel-$row_way.inc"
