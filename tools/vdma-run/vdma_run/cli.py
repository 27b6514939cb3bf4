# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run: which command is meant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from vdma_run import boot, check, compare, status
from vdma_run.program import guarded

Command = Callable[[Sequence[str]], int]

# Each prints its own help, and returns the exit status.
COMMANDS: dict[str, tuple[Command, str]] = {
    "boot": (boot.boot, "boot a machine, do I/O on every device, check it, print a table"),
    "secure": (boot.secure, "the same as a secure VM, watched by the DMA guard"),
    "check": (check.check, "run tests, with your kernel, QEMU and firmware"),
    "compare": (compare.compare, "show results of tests or benchmarks side by side"),
}


def usage() -> str:
    """For --help."""
    lines = [f"  {name:8} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        ["usage: vdma-run COMMAND [OPTION...]", "", *lines, "", "vdma-run COMMAND --help tells more."]
    )


def main(arguments: Sequence[str]) -> int:
    """Run a command; its exit status."""
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help"):
        print(usage())
        return status.GOOD
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        said = f"no command {name}" if name else "no command"
        print(f"vdma-run: {said}: want one of {known}", file=sys.stderr)
        return status.USAGE
    return guarded(name, lambda: COMMANDS[name][0](arguments[1:]))
