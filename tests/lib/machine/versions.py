# SPDX-License-Identifier: GPL-2.0-or-later
"""Versions and build-ids of a machine's parts, and of this tree."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from pathlib import Path

from tests.lib.build import elf, kernels, parts
from tests.lib.build.policy import module
from tests.lib.machine import emulators
from tests.lib.machine.emulators import Emulator
from tests.lib.machine.pseries import Machine

Versions = dict[str, dict[str, str]]

# As short as git and people write them.
SHORT = 12


def said(*command: str | Path) -> str:
    """The first line of a command's output; "unknown" if it has none, or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=parts.TOP)
    except OSError:
        return "unknown"
    line = done.stdout.partition("\n")[0].strip()
    return line if done.returncode == 0 and line else "unknown"


@functools.cache
def tree() -> str:
    """This tree; "unknown" where it is no git checkout."""
    return said("git", "describe", "--always", "--dirty")


@functools.cache
def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@functools.cache
def _build_id(file: Path) -> str:
    return elf.build_id(file) or "unknown"


def _qemu(emulator: Emulator) -> dict[str, str]:
    # a row's binary may be a script that sets up its libraries
    real = emulator.binary.parent.parent / "lib" / emulator.binary.name
    return {
        "row": emulator.row or emulator.name,
        "version": emulator.version,
        "build_id": _build_id(real if real.is_file() else emulator.binary),
    }


def of_machine(machine: Machine, policy: bool) -> Versions:
    """The versions of a machine; POLICY: our module is in the guest."""
    kernel, emulator = kernels.of(machine.kernel), emulators.of(machine.qemu)
    image = emulators.firmware_image(emulator, machine.firmware_used())
    found = {
        "kernel": {
            "row": kernel.name,
            "version": kernel.version,
            "release": kernel.release,
            "build_id": kernel.build_id,
        },
        "qemu": _qemu(emulator),
        "slof": {"sha256": _sha256(image)},
        "tree": {"version": tree()},
    }
    if policy:
        found["module"] = {"build_id": _build_id(module(kernel))}
    return found


def text(versions: Versions) -> str:
    """Lines for people."""
    kernel, qemu = versions["kernel"], versions["qemu"]
    policy = versions.get("module", {}).get("build_id", "")
    return "\n".join(
        [
            f"kernel {kernel['version']} ({kernel['row']}, {kernel['build_id'][:SHORT]}), "
            + (f"module {policy[:SHORT]}" if policy else "no module"),
            f"QEMU {qemu['version']} ({qemu['row']}, {qemu['build_id'][:SHORT]}), "
            f"SLOF {versions['slof']['sha256'][:SHORT]}, tree {versions['tree']['version']}",
        ]
    )


def write(versions: Versions, run: Path) -> None:
    """Write them into a run's folder, where the test runner finds them."""
    (run / "versions.json").write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
