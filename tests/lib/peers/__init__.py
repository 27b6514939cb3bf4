# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a guest's devices: network peers and vhost-user back ends."""
