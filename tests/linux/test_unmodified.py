# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels without our module, as existing guests are, on a QEMU that offers bypass: the tag
and the hypercall change nothing for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.guest.counts import TRACE, Counted, Counts
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.devices import DEVICES
from tests.lib.machine.pseries import Machine

# The network is down while disks are counted: it would move packets of its own.
SCRIPT = """
. /lib/vdma.sh
bring_up
for fn in {disks}; do
    wait_for disk_of $fn || fail "no disk at $fn"
done
{count}
settle
run_io
"""
USUAL = rows.kernels(rows.EVERYDAY)[0]


def cases() -> list[object]:
    """Each kernel by the windows that it may make; make check has one kernel."""
    found = []
    for kernel in rows.kernels():
        if rows.is_secure(kernel):
            continue
        everyday = kernel in rows.kernels(rows.EVERYDAY)
        marks = [pytest.mark.extended if everyday else pytest.mark.matrix]
        for name, append in (("identity", ""), ("tce", "disable_ddw")):
            usual = kernel == USUAL and name == "identity"
            found.append(
                pytest.param(kernel, append, id=f"{kernel}-{name}", marks=[] if usual else marks)
            )
    return found


@pytest.mark.parametrize("kernel, append", cases())
def test_existing_guest_is_served_as_before(run: Path, kernel: str, append: str) -> None:
    """Content of all I/O is right, no bypass window opens, and devices with F go through the
    IOMMU: mapped beforehand with a dynamic window, for each request without."""
    # the kernel asks an rng when it likes
    devices = tuple(device for device in DEVICES if device.kind in ("disk", "net"))
    args = (*TRACE, "-trace", "spapr_vdma_window")
    machine = Machine(kernel=kernel, append=append, devices=devices, args=args)
    disks = [device for device in devices if device.kind == "disk"]
    counts = Counts(run, disks)
    addresses = " ".join(device.address for device in disks)
    script = SCRIPT.format(disks=addresses, count=counts.script())
    with Guest(machine, run, GuestImage(policy=False, script=script, disk_mib=8)) as guest:
        counts.serve(guest)
        result = guest.finish()
    result.check()
    log = (run / "qemu.log").read_text(errors="replace")
    assert "spapr_vdma_window vdma-" not in log
    for disk in disks:
        seen = counts.of(disk)
        if not disk.f:
            assert seen == Counted(0, ()), disk.name
            continue
        assert seen.translated, disk.name
        assert bool(seen.tce_calls) == bool(append), disk.name
