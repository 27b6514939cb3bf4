# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel, live migration, and fio, which verifies what it has written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.build import parts
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine import pseries
from tests.lib.machine.devices import Device, Expected
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome
from tests.live.migration import MigrationChain

ROUNDS = 40
LIMIT = 900.0
# fio has what is behind the host's data.
DISK_MIB = 4

SCRIPT = """
. /lib/vdma.sh
load policy override={override}
load bus
rebind_idle
load drivers
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


@dataclass(frozen=True)
class Way:
    """How the guest is to do a device's DMA, and how it comes to it."""

    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()
    f: bool = True


WAYS = (
    Way("direct", "no-access-platform", f=False),
    Way("bypass", "dt-bypass"),
    Way("identity", "requested", ("bypass:requested",)),
    Way("tce", "requested", ("bypass:requested", "identity:requested")),
)


def disk(kind: str, way: Way, slot: int) -> Device:
    """One of these, whose DMA goes that way."""
    name, model = f"{kind}-{way.mode}", f"virtio-{kind}-pci"
    driver = f"virtio_{kind}"
    return Device(name, f"0000:00:{slot:02x}.0", model, driver, "disk", way.f, slot=slot)


DEVICES = tuple(
    disk(kind, way, slot)
    for slot, (kind, way) in enumerate(((k, w) for k in ("blk", "scsi") for w in WAYS), start=1)
)


def way_of(device: Device) -> Way:
    """The way that it has."""
    return next(way for way in WAYS if device.name.endswith(f"-{way.mode}"))


def expected(device: Device) -> Expected:
    """What the guest has to say, before and after."""
    way = way_of(device)
    return Expected(way.f, way.mode, way.reason, way.passed_over)


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
    asked = [d for d in DEVICES if way_of(d).reason == "requested"]
    override = ",".join(f"{device.address}={way_of(device).mode}" for device in asked)
    script = SCRIPT.format(override=override, mib=DISK_MIB)
    return GuestImage(script=script, files=files, disk_mib=DISK_MIB)


@pytest.mark.extended
@pytest.mark.timeout(LIMIT + 100)
@pytest.mark.parametrize("iothread", [False, True], ids=["main-loop", "iothread"])
def test_linux(run: Path, outcome: Outcome, iothread: bool) -> None:
    """Twenty times there and back; fio finds no error, and each mode stays."""
    for way in WAYS:
        outcome("migrate-linux", way.mode)
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
        result = guest.finish(LIMIT, expected)
    result.check()
