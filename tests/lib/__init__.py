# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots pseries guests under QEMU and judges what they report."""
