# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a configuration can run here: what "requires" of a row may say.

machine:NAME and phb:NAME are switches that QEMU's pseries machine and its PHB must
have, kernel:NAME a row of mk/kernels, back-end:NAME a back end that bench/guest.py can
start.
"""

from __future__ import annotations

import functools
import subprocess

from tests.lib.build import rows
from tests.lib.machine import emulators

# None yet: bench/guest.py gives every disk and card QEMU's own.
BACK_ENDS: frozenset[str] = frozenset()


@functools.cache
def _options(binary: str, *question: str) -> str:
    done = subprocess.run([binary, *question], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def why_not(need: str, qemu: emulators.Spec) -> str:
    """Why a requirement is not met, "" if it is."""
    kind, _, name = need.partition(":")
    if kind == "kernel":
        return "" if name in rows.kernels() else f"there is no kernel {name} (mk/kernels)"
    if kind == "back-end":
        return "" if name in BACK_ENDS else f"the benchmarks can't start a {name} back end yet"
    binary = str(emulators.of(qemu).binary)
    if kind == "machine":
        # help does not list all switches; a value other than on or off is refused
        said = _options(binary, "-display", "none", "-M", f"pseries,{name}=?")
        there = f".{name}' not found" not in said
    elif kind == "phb":
        there = f"  {name}=" in _options(binary, "-device", "spapr-pci-host-bridge,help")
    else:
        return f"its row requires {need}, which is not known here"
    of = "machine" if kind == "machine" else "PHB"
    return "" if there else f"this QEMU's {of} has no option {name}"


def cannot_run(requires: tuple[str, ...], qemu: emulators.Spec) -> str:
    """The first requirement of a row that is not met, "" if all are."""
    reasons = (why_not(need, qemu) for need in requires)
    return next((reason for reason in reasons if reason), "")
