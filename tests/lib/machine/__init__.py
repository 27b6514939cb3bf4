# SPDX-License-Identifier: GPL-2.0-or-later
"""A pseries machine under QEMU: its description, its firmware, and control while it runs."""
