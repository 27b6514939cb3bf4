# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's program for dynamic reconfiguration connectors, and QEMU's word that
a device is gone."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lib import cross
from tests.lib.qmp import Qmp


def program(run: Path) -> bytes:
    """tests/hypervisor/drc.c, built."""
    flags = "-Os -static -nostdlib -ffreestanding -fno-stack-protector"
    return cross.program(run, "tests/hypervisor/drc.c", flags)


def wait_deleted(qmp: Qmp, names: set[str], limit: float = 60.0) -> None:
    """Until QEMU says of all these devices that they are gone."""
    end = time.monotonic() + limit
    while names and time.monotonic() < end:
        names.discard(str(qmp.wait_event("DEVICE_DELETED")["data"].get("device")))
    assert not names
