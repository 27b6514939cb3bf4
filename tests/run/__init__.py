# SPDX-License-Identifier: GPL-2.0-or-later
"""A package, for its files have names that others have, too."""
