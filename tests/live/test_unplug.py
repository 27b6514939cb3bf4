# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is unplugged: a back end that keeps translations forgets those into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.guest import ktap
from tests.lib.guest.baremetal import GuestRow, Run
from tests.lib.guest.word import LIMIT, says, word
from tests.lib.host.process import until
from tests.lib.machine.qemu import Qemu
from tests.lib.peers.vhost_user_iotlb import IotlbBackend

DIMM = 1 << 30  # where QEMU puts the first
MIB = 1 << 20


def row(mode: str) -> GuestRow:
    """A guest with a disk that we serve, in a mode."""
    return GuestRow(
        name=f"unplug-{mode}",
        run=f"test=unplug_forgotten event=0 dimm={DIMM}",
        mode=mode,
        secure=mode == "bounce",
        devices=("vhost-blk f",),
    )


def plug_and_unplug(boot: Run, qemu: Qemu) -> list[str]:
    """What the back end is told meanwhile."""
    backend = boot.served_disks[0].backend
    assert isinstance(backend, IotlbBackend)
    with word(boot, qemu) as write:
        qemu.qmp.command("device_add", driver="pc-dimm", id="dimm", memdev="spare")
        write(1)
        says(boot, "the DIMM is used")
        before = len(backend.messages.gone)
        qemu.qmp.command("device_del", id="dimm")
        assert until(lambda: not qemu.qmp.command("query-memory-devices"), LIMIT)
        gone = backend.messages.gone[before:]
        write(2)
    (used,) = [value for name, value in ktap.metrics(boot.console()) if name == "gone"]
    base, size = (int(number, 16) for number in used.split())
    return [str(each) for each in gone if each.holds(base) and each.holds(base + size - 1)]


@pytest.mark.parametrize("mode", ["bypass", "identity", "tce", "bounce"])
def test_unplugged_memory_is_forgotten(run: Path, mode: str) -> None:
    """Its translations are taken back before it goes, once, and it is out of reach."""
    (run / "console.log").touch()
    with (run / "spare").open("wb") as file:
        file.truncate(256 * MIB)
    spare = f"memory-backend-file,id=spare,size=256M,share=on,mem-path={run}/spare"
    room = ["-m", "512M,slots=1,maxmem=2G", "-object", spare]
    with Run(row(mode), run, shared=True) as boot:
        with Qemu([*boot.command(), *room], run) as qemu:
            gone = plug_and_unplug(boot, qemu)
            guarded = boot.guarded(qemu) if boot.row.secure else []
            qemu.wait(boot.row.limit)
    assert boot.check() + guarded == []
    assert len(gone) == 1
