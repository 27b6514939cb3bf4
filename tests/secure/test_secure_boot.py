# SPDX-License-Identifier: GPL-2.0-or-later
"""`make boot SECURE=1`, as people run it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

pytestmark = pytest.mark.extended


def boot(run: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the program of make boot."""
    command = ["tools/vdma-run/vdma-run", "secure", "--run", str(run)]
    return subprocess.run([*command, *options], cwd=TOP, capture_output=True, text=True, check=False)


def test_secure_boot(run: Path) -> None:
    """`make boot SECURE=1` exits 0, with each device in mode bounce."""
    done = boot(run)
    assert done.returncode == 0, done.stderr
    devices = json.loads((run / "devices.json").read_text())["devices"]
    assert len(devices) == 5
    assert {(device["secure"], device["mode"]) for device in devices} == {(True, "bounce")}


def test_secure_boot_tells_what_touched_private_memory(run: Path) -> None:
    """Without our module it exits 1 with a line for each access to private memory."""
    script = run / "script"
    # what the guard denies never ends, so nobody waits for the drivers
    script.write_text(". /lib/vdma.sh\nload bus\nload drivers &\nsleep 5\n")
    done = boot(run, "--no-module", "--script", str(script))
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.endswith(", private memory")]
    assert told and all(" bytes at 0x" in line for line in told)
