# SPDX-License-Identifier: GPL-2.0-or-later
"""Exit statuses, which `git bisect run` understands: 1 to 127 but 125 is bad, 128 and
more ends the bisect."""

GOOD = 0
BAD = 1
UNJUDGED = 125
USAGE = 128
INTERNAL = 129
INTERRUPTED = 130
