# SPDX-License-Identifier: GPL-2.0-or-later
"""Forth for SLOF: packed for the NVRAM, and guests that end in firmware."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lib import parts
from tests.lib.machine import CAPABILITIES
from tests.lib.qemu import Qemu

PACK = parts.TOP / "firmware/slof/pack"
PLUGIN = parts.TOP / "firmware/slof/vdma.fs"
FORTH = parts.TOP / "tests/firmware"

# SLOF is through in 4 seconds; a busy machine may take several times that.
LIMIT = 90.0

# An exception in SLOF: it prints the registers and waits for a key.
EXCEPTION = re.compile(r"^\( [0-9a-f]+ \) .*$", re.MULTILINE)


def prom_env(*sources: Path) -> list[str]:
    """QEMU's options that make SLOF evaluate these files."""
    packed = subprocess.run(
        ["/usr/bin/python3", PACK, *sources], check=True, capture_output=True, text=True
    ).stdout
    args: list[str] = []
    for argument in packed.removesuffix("\n").split("\n"):
        args += ["-prom-env", argument]
    return args


def command(
    run: Path,
    sources: Sequence[Path],
    devices: Sequence[str],
    qemu: str = "vdma",
    rom: str = "slof.bin",
    cpu: str = "power9",
) -> list[str]:
    """QEMU's command line for firmware alone. A reset is one."""
    args = [str(parts.qemu_binary(qemu))]
    args += ["-nodefaults", "-no-user-config", "-display", "none"]
    args += ["-M", f"pseries,{CAPABILITIES}", "-accel", "tcg", "-cpu", cpu]
    args += ["-m", "512M", "-chardev", f"file,id=console,path={run}/console.log"]
    args += ["-device", "spapr-vty,chardev=console"]
    if qemu == "vdma":
        args += ["-bios", str(parts.part("slof") / rom)]
    return [*args, *prom_env(*sources), *devices]


def boot(
    run: Path, sources: Sequence[Path], devices: Sequence[str], **machine: str
) -> str:
    """Boot firmware alone until it powers off or resets; what its console had.

    MACHINE as for command."""
    with Qemu([*command(run, sources, devices, **machine), "-no-reboot"], run) as guest:
        guest.wait(LIMIT)
    return (run / "console.log").read_text(errors="replace").replace("\r", "")


def ktap_problems(console: str, expected: int) -> list[str]:
    """What is wrong with a run that prints KTAP; EXPECTED checks, none skipped."""
    results = re.findall(r"^(not ok|ok) \d+ - (.*)$", console, re.MULTILINE)
    found = [f"{verdict}: {what}" for verdict, what in results if verdict != "ok"]
    found += [f"skipped: {what}" for _, what in results if "# SKIP" in what]
    found += re.findall(r"^Bail out!.*$", console, re.MULTILINE)
    found += EXCEPTION.findall(console)
    if len(results) != expected:
        found.append(f"{len(results)} checks, expected {expected}")
    return found
