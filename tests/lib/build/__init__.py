# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of mk/, third-party parts, and programs built for a guest."""
