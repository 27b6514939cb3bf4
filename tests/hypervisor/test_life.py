# SPDX-License-Identifier: GPL-2.0-or-later
"""Bypass windows and tags over hot-plug, unplug and system reset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.build import cross
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.devices import DEVICES
from tests.lib.machine.pseries import Machine

BLK = DEVICES[0]
TRACE = ("-trace", "spapr_vdma_window", "-trace", "spapr_vdma_finalize")


def windows(run: Path) -> list[str]:
    """Every opening and closing of a window so far: "enabled=1 by hypercall"."""
    log = (run / "qemu.log").read_text(errors="replace")
    return re.findall(r"spapr_vdma_window vdma-\S+ (enabled=\d by .*)", log)


RESET_SCRIPT = """
. /lib/vdma.sh
load policy
bring_up
settle
run_io
sleep 1000
"""


@pytest.mark.extended
def test_system_reset_closes_windows(run: Path) -> None:
    """A system reset closes the bypass window, and the next boot opens it again."""
    args = (*TRACE, "-action", "reboot=reset")
    image = GuestImage(script=RESET_SCRIPT, disk_mib=8)
    with Guest(Machine(devices=(BLK,), args=args), run, image) as guest:
        guest.wait_for("device")
        assert windows(run) == ["enabled=1 by hypercall"]
        guest.qemu.qmp.command("system_reset")
        report = guest.wait_for("device", count=2)
    assert windows(run) == [
        "enabled=1 by hypercall",
        "enabled=0 by reset",
        "enabled=1 by hypercall",
    ]
    assert [line["mode"] for line in report.all("device")] == ["bypass"] * 2
    assert report.all("fail") == []


@dataclass(frozen=True)
class Plugged:
    """A function plugged into the running guest, and what it must report."""

    name: str
    address: str
    index: str
    place: dict[str, object]
    options: dict[str, object]
    mode: str
    tagged: bool


F = {"iommu_platform": True, "disable-legacy": "on"}
PLUGGED = (
    Plugged("f", "0000:00:08.0", "40000040", {"bus": "pci.0", "addr": "8"}, F, "bypass", True),
    Plugged(
        "behind", "0000:01:04.0", "40000120", {"bus": "bridge", "addr": "4"}, F, "bypass", True
    ),
    Plugged("no-f", "0000:00:09.0", "40000048", {"bus": "pci.0", "addr": "9"}, {}, "direct", False),
    Plugged(
        "off",
        "0000:00:0a.0",
        "40000050",
        {"bus": "pci.0", "addr": "0xa"},
        F | {"dma-bypass": False},
        "identity",
        False,
    ),
)

# drmgr's steps for a PCI function.
HOTPLUG_SCRIPT = """
. /lib/vdma.sh
load policy
load bus
load drivers
report ready
chmod 755 /bin/drc
for index in {indices}; do
    wait_for drc acquire $index || fail "acquire $index"
    echo "dt add index 0x$index" >/sys/kernel/dlpar || fail "add $index"
done
echo 1 >/sys/bus/pci/rescan
for fn in {addresses}; do
    wait_for driver_of $fn
    run_device $fn
done
report plugged
for pair in {pairs}; do
    fn=${{pair%=*}} index=${{pair#*=}}
    echo 1 >/sys/bus/pci/devices/$fn/remove
    echo "dt remove index 0x$index" >/sys/kernel/dlpar || fail "remove $index"
    drc release $index || fail "release $index"
done
"""


@pytest.mark.extended
def test_hot_plug_and_unplug(run: Path) -> None:
    """A plugged function is tagged and decided as at boot; unplugging releases it."""
    fields = {
        "indices": " ".join(p.index for p in PLUGGED),
        "addresses": " ".join(p.address for p in PLUGGED),
        "pairs": " ".join(f"{p.address}={p.index}" for p in PLUGGED),
    }
    bridge = ("-device", "pci-bridge,id=bridge,addr=5,chassis_nr=1")
    rng = ("-object", "rng-builtin,id=source")
    machine = Machine(devices=(), args=(*TRACE, *bridge, *rng))
    image = GuestImage(script=HOTPLUG_SCRIPT.format(**fields), files={"bin/drc": cross.drc(run)})
    with Guest(machine, run, image) as guest:
        guest.wait_for("ready")
        qmp = guest.qemu.qmp
        for p in PLUGGED:
            arguments = {"driver": "virtio-rng-pci", "rng": "source", "id": p.name}
            qmp.command("device_add", **arguments, **p.place, **p.options)
        report = guest.wait_for("plugged")
        for p in PLUGGED:
            qmp.command("device_del", id=p.name)
        qmp.wait_deleted({p.name for p in PLUGGED})
        result = guest.finish()
    result.check()
    for p in PLUGGED:
        line = report.device(p.address) or {}
        assert (line.get("mode"), line.get("property") != "-") == (p.mode, p.tagged)
    # The driver left before the function did, so the module closed both.
    opened, closed = "enabled=1 by hypercall", "enabled=0 by hypercall"
    assert sorted(windows(run)) == [closed, closed, opened, opened]
    finalized = (run / "qemu.log").read_text().count("spapr_vdma_finalize")
    assert finalized == len(PLUGGED)
