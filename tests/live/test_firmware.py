# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware resets the machine, or a PHB, under a device."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.lib.guest.baremetal import Run, table
from tests.lib.machine import slof
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.qemu import Qemu
from tests.live.conftest import Outcome
from tests.live.event_table import MODES

# Asks, prints status and state; opens the window, and prints them again.
LIFE = """hex
: say ( op -- ) 800000020000000 800 h-dma-bypass . 2drop . ;
." life: " 0 say 1 say cr
reset-all
"""
DISK = f"-object rng-builtin,id=r -device virtio-rng-pci,rng=r,{F_OPTIONS},addr=1"
OFF_THEN_ON = "life: 0 1 0 3"
BOOTS = 3


@pytest.mark.extended
def test_reset_all(run: Path, outcome: Outcome) -> None:
    """SLOF's reset-all closes an open bypass window before firmware starts again."""
    outcome("reset-all", "bypass")
    source = run / "life.fs"
    source.write_text(LIFE)
    trace = ["-trace", "spapr_vdma_window"]
    command = slof.command(run, [slof.PLUGIN, source], [*DISK.split(), *trace])
    console = run / "console.log"
    console.touch()
    boots: list[str] = []
    with Qemu(command, run) as guest:
        while guest.running() and guest.seconds() < slof.LIMIT:
            boots = re.findall(r"life: .*\d", console.read_text(errors="replace"))
            if len(boots) > BOOTS:
                break
            time.sleep(0.1)
    assert boots[:BOOTS] == [OFF_THEN_ON] * BOOTS
    log = (run / "qemu.log").read_text(errors="replace")
    changes = re.findall(r"spapr_vdma_window vdma-pci.0-01.0 (enabled=\d by \w+)", log)
    assert changes[: 2 * BOOTS] == ["enabled=1 by hypercall", "enabled=0 by reset"] * BOOTS


PHB_RESET = "QEMU resets a PHB by RTAS (`ibm,set-slot-reset`) for devices of the host's only."


@pytest.mark.extended
def test_phb_reset(run: Path, outcome: Outcome) -> None:
    """RTAS refuses to reset a PHB of emulated devices; a system reset works."""
    for mode in MODES:
        outcome("phb-reset", mode, PHB_RESET)
    row = next(row for row in table() if (row.group, row.name) == ("reset", "system"))
    assert "phb_reset" in row.run
    assert Run(row, run).problems() == []
