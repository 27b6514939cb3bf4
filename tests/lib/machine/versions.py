# SPDX-License-Identifier: GPL-2.0-or-later
"""Versions and build-ids of a machine's parts, and of this tree."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
from pathlib import Path

from tests.lib.build import parts, rows
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
def build_id(file: Path) -> str:
    """The build-id that a linker gave a file."""
    notes = subprocess.run(
        ["readelf", "-n", file], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"Build ID: (\w+)", notes)
    return found[1] if found else "unknown"


@functools.cache
def tree() -> str:
    """This tree; "unknown" where it is no git checkout."""
    return said("git", "describe", "--always", "--dirty")


@functools.cache
def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@functools.cache
def _qemu(row: str) -> dict[str, str]:
    binary = parts.qemu_binary(row)
    real = binary.parent.parent / "lib" / binary.name
    version = re.search(r"\((.*)\)$|version (\S+)$", said(binary, "--version"))
    return {
        "row": rows.real(row),
        "version": next(filter(None, version.groups())) if version else "unknown",
        "build_id": build_id(real if real.is_file() else binary),
    }


def of_machine(machine: Machine, policy: bool) -> Versions:
    """The versions of a machine; POLICY: our module is in the guest."""
    kernel = parts.part(f"kernel-{machine.kernel}")
    image = parts.firmware_image(machine.qemu, machine.firmware_used())
    found = {
        "kernel": {
            "row": machine.kernel,
            "version": (kernel / "VERSION").read_text(encoding="utf-8").strip(),
            "release": (kernel / "release").read_text(encoding="utf-8").strip(),
            "build_id": build_id(kernel / "vmlinux"),
        },
        "qemu": _qemu(rows.in_use(machine.qemu)),
        "slof": {"sha256": _sha256(image) if image else "unknown"},
        "tree": {"version": tree()},
    }
    if policy:
        found["module"] = {"build_id": build_id(parts.policy_module(machine.kernel))}
    return found


def text(versions: Versions) -> str:
    """Lines for people."""
    kernel, qemu = versions["kernel"], versions["qemu"]
    module = versions.get("module", {}).get("build_id", "")
    return "\n".join(
        [
            f"kernel {kernel['version']} ({kernel['row']}, {kernel['build_id'][:SHORT]}), "
            + (f"module {module[:SHORT]}" if module else "no module"),
            f"QEMU {qemu['version']} ({qemu['row']}, {qemu['build_id'][:SHORT]}), "
            f"SLOF {versions['slof']['sha256'][:SHORT]}, tree {versions['tree']['version']}",
        ]
    )


def write(versions: Versions, run: Path) -> None:
    """Write them into a run's folder, where the test runner finds them."""
    (run / "versions.json").write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
