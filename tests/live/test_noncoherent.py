# SPDX-License-Identifier: GPL-2.0-or-later
"""A platform on which devices see stale memory: no bypass, whatever else is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import REQUESTED
from tests.lib.machine import slof
from tests.lib.machine.devices import Device, Expected, virtio
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome

REFUSED = "Devices marked `dma-noncoherent` never bypass, reason `not-coherent`."
WHY = "bypass:not-coherent"


def disk(slot: int, f: bool = True, bus: str = "pci.0") -> Device:
    """A disk, on the PHB or on the bridge in slot 4."""
    return virtio(f"d{bus[0]}{slot}", "blk", slot, f, bus)


CASES = {
    disk(1): Expected(True, "identity", "ddw-covers-memory", (WHY,)),
    disk(2, f=False): Expected(False, "direct", "no-access-platform"),
    disk(3): Expected(True, "tce", "requested", REQUESTED),
    disk(5): Expected(True, "bounce", "requested", REQUESTED),
    # the bus is marked
    disk(1, bus="bridge"): Expected(True, "identity", "ddw-covers-memory", (WHY,)),
    # nothing is
    disk(6): Expected(True, "bypass", "dt-bypass"),
}
PARAMETERS = "virtio_dma_policy.override=0000:00:03.0=tce,0000:00:05.0=bounce"
MARKED = ("scsi@1", "scsi@2", "scsi@3", "scsi@5", "pci@4")


@pytest.mark.extended
def test_noncoherent(run: Path, outcome: Outcome) -> None:
    """A device marked non-coherent, or on such a bus, works in any mode but bypass."""
    for mode in ("direct", "identity", "tce", "bounce"):
        outcome("noncoherent", mode)
    outcome("noncoherent", "bypass", REFUSED)
    source = run / "mark.fs"
    mark = 's" /pci@800000020000000/{}" find-device 0 0 s" dma-noncoherent" property device-end\n'
    source.write_text("".join(mark.format(node) for node in MARKED))
    machine = Machine(
        append=PARAMETERS,
        devices=tuple(CASES),
        # In the ROM image the plugin runs before the NVRAM is read.
        firmware="rom",
        args=tuple(slof.prom_env(source)),
    )
    with Guest(machine, run, GuestImage(disk_mib=2)) as guest:
        result = guest.finish(expect=CASES.__getitem__)
    result.check()
