# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's counts of TCE hypercalls and translations prove each mode; the module's own
report does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.guest import modes, secure
from tests.lib.guest.counts import TRACE, Counts
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine.devices import Device, virtio
from tests.lib.machine.pseries import Machine

DISK_MIB = 8
# run_device reads the disk, then reads and writes its two halves.
IO_BYTES = 3 * (DISK_MIB << 20)


MODES = (modes.BYPASS, modes.DIRECT, modes.IDENTITY, modes.TCE, modes.BOUNCE)
# A device without F ignores the IOMMU; that its addresses are the pool's is the guard's
# word.
SECURE_MODES = (modes.SECURE_BOUNCE, modes.SECURE_QUIRK)

SCRIPT = """
. /lib/vdma.sh
load policy {parameters}
bring_up
settle
"""

KERNELS = [
    pytest.param(name, marks=[] if name in rows.kernels(rows.EVERYDAY) else pytest.mark.matrix)
    for name in rows.kernels()
]


def disk(number: int, mode: DmaMode) -> Device:
    """A disk for a mode."""
    return virtio(f"disk{number}", "blk", number + 1, mode.f)


@pytest.mark.parametrize("kernel", KERNELS)
def test_counts_prove_the_mode(run: Path, kernel: str) -> None:
    """QEMU's TCE calls and translations of each disk's I/O are those of its mode."""
    wanted = SECURE_MODES if rows.is_secure(kernel) else MODES
    disks = {disk(number, mode): mode for number, mode in enumerate(wanted)}
    machine = Machine(kernel=kernel, devices=tuple(disks), args=TRACE)
    if rows.is_secure(kernel):
        machine = secure.secured(machine)
    counts = Counts(run, tuple(disks))
    script = SCRIPT.format(parameters=modes.override(disks))
    script += counts.script('read_large $fn || fail "large requests of $fn"')
    with Guest(machine, run, GuestImage(script=script, disk_mib=DISK_MIB)) as guest:
        counts.serve(guest)
        result = guest.finish(expect=lambda device: disks[device].expected())
    result.check(ignore=secure.KNOWN_WARNINGS)
    wrong = [
        counts.wrong(result.report, device, mode.mode, IO_BYTES)
        for device, mode in disks.items()
    ]
    assert not any(wrong), "\n".join(wrong)
    if rows.is_secure(kernel):
        assert secure.violations(run) == []
