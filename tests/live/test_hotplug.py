# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that come and go under a running Linux: decided as at boot, gone without
a trace."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.drc import program, wait_deleted
from tests.lib.guest import Cargo, Guest
from tests.lib.machine import Machine
from tests.lib.qmp import Qmp

# Rounds, each of which plugs and unplugs one function of each kind.
ROUNDS, SHORT = 25, 1
LIMIT = 380.0
# Noise in a guest that has caches; a function's ring alone takes 64 KiB.
LEAK_KIB = 32

F = {"iommu_platform": True, "disable-legacy": "on"}
PCI0, BRIDGE = "pci.0", "bridge"


@dataclass(frozen=True)
class Plug:
    """A function: where it goes, and how it must do DMA."""

    name: str
    model: str
    slot: int
    bus: str
    f: bool
    mode: str

    def address(self) -> str:
        """As the guest has it."""
        return f"0000:{0 if self.bus == PCI0 else 1:02x}:{self.slot:02x}.0"

    def index(self) -> str:
        """Of its dynamic reconfiguration connector: type PCI, PHB, bus, devfn."""
        bus = 0 if self.bus == PCI0 else 1
        return f"{0x40000000 | bus << 8 | self.slot << 3:x}"

    def options(self) -> dict[str, object]:
        """For device_add."""
        source: dict[str, object] = {
            "virtio-rng-pci": {"rng": "source"},
            "virtio-blk-pci": {"drive": "disk"},
            "virtio-net-pci": {"netdev": "net", "romfile": ""},
            "virtio-scsi-pci": {},
        }[self.model]
        place = {"bus": self.bus, "addr": f"{self.slot:#x}"}
        return {"driver": self.model, "id": self.name, **place, **source, **(F if self.f else {})}


PLUGS = tuple(
    Plug(f"{kind}-{'f' if f else 'x'}-{bus[0]}", f"virtio-{kind}-pci", slot, bus, f, mode)
    for slot, (kind, f, bus, mode) in enumerate(
        (
            ("blk", True, PCI0, "bypass"),
            ("blk", False, PCI0, "direct"),
            ("net", True, PCI0, "bypass"),
            ("net", False, BRIDGE, "direct"),
            ("rng", True, BRIDGE, "bypass"),
            ("rng", False, PCI0, "direct"),
            ("scsi", True, BRIDGE, "bypass"),
            ("scsi", False, PCI0, "direct"),
        ),
        start=8,
    )
)

# The host plugs; what the guest does is what drmgr does, step by step. It unplugs
# under load: a disk is being read when its driver is taken away.
SCRIPT = """
. /lib/vdma.sh
load policy
load bus
load drivers
chmod 755 /bin/drc
report ready
plug() {{
    wait_for drc acquire $2 || fail "acquire $1"
    echo "dt add index 0x$2" >/sys/kernel/dlpar || fail "add $1"
    echo 1 >/sys/bus/pci/rescan
    wait_for driver_of $1
    sum=-
    case $(driver_of $1) in
    virtio_blk)
        wait_for disk_of $1
        sum=$(dd if=/dev/$(disk_of $1) bs=64k iflag=direct status=none | sha256sum)
        ;;
    esac
    report_device $1 sum=${{sum%% *}}
}}
unplug() {{
    if disk=$(disk_of $1); then
        while dd if=/dev/$disk of=/dev/null bs=64k iflag=direct 2>/dev/null; do :; done &
        sleep 0.2
    fi
    echo 1 >/sys/bus/pci/devices/$1/remove
    wait
    echo "dt remove index 0x$2" >/sys/kernel/dlpar || fail "remove $1"
    drc release $2 || fail "release $1"
    report gone address=$1
}}
free() {{
    echo 3 >/proc/sys/vm/drop_caches
    awk '/^MemFree|^Buffers|^Cached/ {{ n += $2 }} END {{ print n }}' /proc/meminfo
}}
for round in $(seq 0 {rounds}); do
    for pair in {pairs}; do
        plug ${{pair%=*}} ${{pair#*=}}
        unplug ${{pair%=*}} ${{pair#*=}}
    done
    report round kib=$(free)
done
"""


@dataclass(frozen=True)
class Held:
    """How much QEMU has of what a function brings along."""

    regions: int
    spaces: int
    objects: int


def held(qmp: Qmp) -> Held:
    """Count it."""

    def monitor(line: str) -> str:
        return str(qmp.command("human-monitor-command", **{"command-line": line}))

    tree = monitor("info mtree -D")
    return Held(
        regions=len(re.findall(r"^ +[0-9a-f]{16}-", tree, re.MULTILINE)),
        spaces=tree.count("address-space: "),
        objects=len(monitor("info qom-tree").splitlines()),
    )


def plug_and_unplug(guest: Guest, plug: Plug, count: int) -> dict[str, str]:
    """One function, for the COUNT-th time; what the guest says about it."""
    qmp = guest.qemu.qmp
    qmp.command("device_add", **plug.options())
    report = guest.wait_for("gone", count, LIMIT)
    qmp.command("device_del", id=plug.name)
    wait_deleted(qmp, {plug.name})
    return report.device(plug.address()) or {}


@pytest.mark.parametrize(
    "rounds", [SHORT, pytest.param(ROUNDS, marks=pytest.mark.more)]
)
def test_nothing_is_left(run: Path, rounds: int) -> None:
    """Each kind, with F and without, on the bus and behind a bridge."""
    content = os.urandom(1 << 20)
    disk = run / "disk.img"
    disk.write_bytes(content)
    args = ("-device", "pci-bridge,id=bridge,addr=5,chassis_nr=1")
    args += ("-object", "rng-builtin,id=source", "-netdev", "user,id=net")
    args += ("-blockdev", f"driver=file,node-name=disk,read-only=on,filename={disk}")
    pairs = " ".join(f"{plug.address()}={plug.index()}" for plug in PLUGS)
    script = SCRIPT.format(rounds=rounds, pairs=pairs)
    cargo = Cargo(script=script, files={"bin/drc": program(run)})
    # One CPU: see docs/lifecycle.md on QEMU 10.0, which may abort when a BAR goes while
    # another CPU is at an MMIO access.
    with Guest(Machine(smp=1, devices=(), args=args), run, cargo) as guest:
        guest.wait_for("ready")
        seen = []
        for number in range(rounds + 1):
            for index, plug in enumerate(PLUGS):
                line = plug_and_unplug(guest, plug, number * len(PLUGS) + index + 1)
                assert (plug.name, line.get("mode")) == (plug.name, plug.mode)
                assert (line.get("property") == "yes") == (plug.mode == "bypass")
                if "blk" in plug.model:
                    assert line.get("sum") == hashlib.sha256(content).hexdigest()
            seen.append(held(guest.qemu.qmp))
        result = guest.finish(LIMIT)
    result.check()
    assert seen == [seen[0]] * len(seen)
    kib = [int(line["kib"]) for line in result.report.all("round")]
    # the first round brings what stays: modules, caches
    assert kib[0] - kib[-1] < LEAK_KIB * (1 + rounds), kib
