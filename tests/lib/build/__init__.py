# SPDX-License-Identifier: GPL-2.0-or-later
"""What is booted and where it comes from: rows of mk/, parts, programs built for a guest."""
