# SPDX-License-Identifier: GPL-2.0-or-later
"""Device trees on the host: compiled, checked against the binding, given to vdmactl."""
