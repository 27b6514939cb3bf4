# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's program for dynamic reconfiguration connectors, and QEMU's word that
a device is gone."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.lib.parts import TOP
from tests.lib.qmp import Qmp


def program(run: Path) -> bytes:
    """tests/hypervisor/drc.c, built."""
    file = run / "drc"
    flags = "-Os -static -nostdlib -ffreestanding -fno-stack-protector -Wall -Wextra -Werror"
    source = TOP / "tests/hypervisor/drc.c"
    subprocess.run(
        ["powerpc64le-linux-gnu-gcc", *flags.split(), "-o", file, source], check=True
    )
    return file.read_bytes()


def wait_deleted(qmp: Qmp, names: set[str], limit: float = 60.0) -> None:
    """Until QEMU says of all these devices that they are gone."""
    end = time.monotonic() + limit
    while names and time.monotonic() < end:
        names.discard(str(qmp.wait_event("DEVICE_DELETED")["data"].get("device")))
    assert not names
