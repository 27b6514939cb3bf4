# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel, live migration, and fio, which verifies what it has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.build import parts
from tests.lib.guest import modes
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine import pseries
from tests.lib.machine.devices import Device, virtio
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome
from tests.live.migration import MigrationChain

ROUNDS = 40
LIMIT = 900.0
# fio uses the part after the host's data.
DISK_MIB = 4

SCRIPT = """
. /lib/vdma.sh
load policy {parameters}
bring_up
settle
chmod 755 /bin/fio /lib64/ld64.so.2
jobs=
for fn in $(functions); do
    jobs="$jobs --name=$fn --filename=/dev/$(disk_of $fn)"
done
(read -r ANSWER <&4; touch /run/stop) &
while [ ! -e /run/stop ]; do
    LD_LIBRARY_PATH=/lib fio --thread --direct=1 --ioengine=libaio --iodepth=4 \\
        --rw=randwrite --bsrange=4k-64k --bs_unaligned=0 --offset={mib}M --size={mib}M \\
        --randrepeat=0 --verify=crc32c --verify_fatal=1 $jobs >/run/fio 2>&1 || {{
        cat /run/fio >/dev/console
        fail "fio: $?"
    }}
    report pass
done
for fn in $(functions); do
    run_device $fn
done
"""


MODES = (modes.DIRECT, modes.BYPASS, modes.IDENTITY, modes.TCE)


def disk(kind: str, mode: DmaMode, slot: int) -> Device:
    """A disk for a mode."""
    return virtio(f"{kind}-{mode.mode}", kind, slot, mode.f)


DEVICES = tuple(
    disk(kind, mode, slot)
    for slot, (kind, mode) in enumerate(((k, m) for k in ("blk", "scsi") for m in MODES), start=1)
)


def mode_of(device: Device) -> DmaMode:
    """The mode of a device."""
    return next(mode for mode in MODES if device.name.endswith(f"-{mode.mode}"))


def machine(iothread: bool) -> Machine:
    """All kinds in all modes, on one bus."""
    if not iothread:
        return Machine(smp=2, mem_mib=1024, devices=DEVICES)
    names = [device.name for device in DEVICES]
    args = [word for name in names for word in ("-object", f"iothread,id={name}-thread")]
    options = {name: f"iothread={name}-thread" for name in names}
    return Machine(smp=2, mem_mib=1024, devices=DEVICES, args=tuple(args), device_options=options)


def image() -> GuestImage:
    """fio, and a script that runs it again and again."""
    root = parts.part("bench-ppc64le") / "root"
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    parameters = modes.override({device: mode_of(device) for device in DEVICES})
    script = SCRIPT.format(parameters=parameters, mib=DISK_MIB)
    return GuestImage(script=script, files=files, disk_mib=DISK_MIB)


@pytest.mark.extended
@pytest.mark.timeout(LIMIT + 100)
@pytest.mark.parametrize("iothread", [False, True], ids=["main-loop", "iothread"])
def test_linux(run: Path, outcome: Outcome, iothread: bool) -> None:
    """In 40 migrations fio finds no error, and each device keeps its mode."""
    for mode in MODES:
        outcome("migrate-linux", mode.mode)
    described = machine(iothread)
    with Guest(described, run, image()) as guest:
        guest.wait_for("pass", 1, LIMIT)
        command = pseries.command(described, run)
        chain = MigrationChain(guest.qemu, command, run)
        for number in range(ROUNDS):
            assert chain.move() == [], f"move {number + 1}"
            guest.qemu = chain.qemu
        passes = len(guest.report().all("pass"))
        guest.wait_for("pass", passes + 2, LIMIT)
        guest.answer("stop")
        result = guest.finish(LIMIT, lambda device: mode_of(device).expected())
    result.check()
