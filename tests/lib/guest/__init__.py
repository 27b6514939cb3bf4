# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests, Linux and bare metal: what goes in, what they report, and checks of it."""
