# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs vdmactl on the host, and makes device trees for it with QEMU."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.lib.build.parts import built
from tests.lib.machine import emulators
from tests.lib.machine.qemu import Qemu

# make coverage sets another one.
BINARY = os.environ.get("VDMACTL")


def vdmactl(
    *args: str | Path, data: bytes | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; nothing here takes seconds."""
    binary = BINARY or built("tools/vdmactl")
    done = subprocess.run(
        [binary, *args],
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def on_full_disk(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it with a standard output that takes no byte."""
    with open("/dev/full", "wb") as full:
        return subprocess.run(
            [BINARY or built("tools/vdmactl"), *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


def one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    """What it complained of; that must be one line, and nothing else be said."""
    assert (done.returncode, done.stdout) == (status, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("vdmactl: "), done.stderr
    return lines[0].removeprefix("vdmactl: ")


def dump_tree(file: Path, *args: str, machine: str = "pseries") -> Path:
    """The device tree of a machine of the distribution's QEMU."""
    command = [str(emulators.of("stock").binary), "-M", machine, "-S"]
    command += ["-nodefaults", "-display", "none", *args]
    with tempfile.TemporaryDirectory() as run, Qemu(command, Path(run)) as qemu:
        qemu.dump_tree(file)
    return file
