# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's side: folders of runs, stand-ins for programs and mirrors, tables in docs/."""
