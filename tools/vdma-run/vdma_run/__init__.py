# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run: boot, test and measure your own kernel, QEMU and firmware."""
