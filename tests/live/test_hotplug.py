# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions plugged into and unplugged from a running Linux: decided as at boot, and
released completely."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.lib.build import cross
from tests.lib.build.parts import programs
from tests.lib.guest import modes, secure
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine.pseries import Machine
from tests.lib.machine.qmp import Qmp
from tests.live.conftest import Outcome

# The kernel's modules for drmgr.
MODULES = ("rpaphp", "rpadlpar_io")
LIMIT = 380.0
# Noise in a guest that has caches; and what Linux 6.12 does not get back each time, with
# our module or without: 15 objects of 128 bytes and one of 1 KiB for each function. A
# function's ring takes 64 KiB.
NOISE_KIB, LEAK_KIB = 256, 8 * 5
# DMA_API_DEBUG minds buffers of virtio_scsi's that share a cache line.
KNOWN_WARNINGS = ("add_dma_entry",)

F = {"iommu_platform": True, "disable-legacy": "on"}
PCI0, BRIDGE = "pci.0", "bridge"


@dataclass(frozen=True)
class Plug:
    """A function, and where it is plugged."""

    name: str
    model: str
    slot: int
    bus: str
    f: bool

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
    Plug(f"{kind}-{'f' if f else 'x'}-{bus[0]}", f"virtio-{kind}-pci", slot, bus, f)
    for slot, (kind, f, bus) in enumerate(
        (
            ("blk", True, PCI0),
            ("blk", False, PCI0),
            ("net", True, PCI0),
            ("net", False, BRIDGE),
            ("rng", True, BRIDGE),
            ("rng", False, PCI0),
            ("scsi", True, BRIDGE),
            ("scsi", False, PCI0),
        ),
        start=8,
    )
)

# drmgr's steps, many times as fast; and drmgr itself.
STEPS = """
chmod 755 /bin/drc
take_in() {
    wait_for drc acquire $2 || fail "acquire $1"
    echo "dt add index 0x$2" >/sys/kernel/dlpar || fail "add $1"
    echo 1 >/sys/bus/pci/rescan
}
put_out() {
    echo 1 >/sys/bus/pci/devices/$1/remove
    wait
    echo "dt remove index 0x$2" >/sys/kernel/dlpar || fail "remove $1"
    drc release $2 || fail "release $1"
}
"""
DRMGR = """
load more
chmod 755 /bin/drmgr /lib64/ld64.so.2
mkdir -p /var/log /var/lock
drmgr() {
    LD_LIBRARY_PATH=/lib /bin/drmgr -c pci -n -V "$@" >/dev/null || fail "drmgr $*"
}
take_in() {
    drmgr -a -s 0x$2
}
put_out() {
    drmgr -r -s 0x$2
    wait
}
"""

# The host plugs. The guest unplugs under load: a disk is being read when its driver is
# taken away.
SCRIPT = """
. /lib/vdma.sh
load policy {parameters}
load bus
load drivers
{how}
report ready
plug() {{
    take_in "$@"
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
    put_out "$@"
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
class QemuObjects:
    """Numbers of QEMU's objects that functions add."""

    regions: int
    spaces: int
    objects: int


def qemu_objects(qmp: Qmp) -> QemuObjects:
    """Count them."""
    tree = qmp.monitor("info mtree -D")
    return QemuObjects(
        regions=len(re.findall(r"^ +[0-9a-f]{16}-", tree, re.MULTILINE)),
        spaces=tree.count("address-space: "),
        objects=len(qmp.monitor("info qom-tree").splitlines()),
    )


def plug_and_unplug(guest: Guest, plug: Plug, count: int) -> dict[str, str]:
    """Plug and unplug one function the COUNT-th time; the guest's report."""
    qmp = guest.qemu.qmp
    qmp.command("device_add", **plug.options())
    report = guest.wait_for("gone", count, LIMIT)
    qmp.command("device_del", id=plug.name)
    qmp.wait_deleted({plug.name})
    return report.device(plug.address()) or {}


@dataclass(frozen=True)
class Plugging:
    """MODE of the functions with F, HOW they are plugged, and how often all come and go
    after the first time."""

    mode: DmaMode
    how: str = STEPS
    rounds: int = 0

    def mode_of(self, plug: Plug) -> DmaMode:
        """The mode of a function."""
        if plug.f:
            return self.mode
        return modes.SECURE_QUIRK if self.mode.secure else modes.DIRECT

    def machine(self, args: tuple[str, ...]) -> Machine:
        """With one CPU: see docs/lifecycle.md on QEMU 10.0, which may abort when a BAR
        goes while another CPU is at an MMIO access."""
        if self.mode.secure:
            return secure.machine((), args=args, smp=1)
        return Machine(smp=1, devices=(), args=args)


SHORT = Plugging(modes.BYPASS, rounds=1)
EXTENDED = {
    "bypass-often": Plugging(modes.BYPASS, rounds=25),
    "bypass-drmgr": Plugging(modes.BYPASS, DRMGR),
    "identity": Plugging(modes.IDENTITY),
    "tce": Plugging(modes.TCE),
    "bounce": Plugging(modes.SECURE_BOUNCE),
}
CASES = [pytest.param(SHORT, id="bypass")]
CASES += [pytest.param(p, id=name, marks=pytest.mark.extended) for name, p in EXTENDED.items()]


@pytest.mark.parametrize("plugging", CASES)
def test_nothing_is_left(run: Path, outcome: Outcome, plugging: Plugging) -> None:
    """Functions of each kind, plugged and unplugged under load, leave nothing in QEMU or the
    guest."""
    for mode in {plugging.mode_of(plug).mode for plug in PLUGS}:
        outcome("hotplug", mode)
    content = os.urandom(1 << 20)
    disk = run / "disk.img"
    disk.write_bytes(content)
    args = ("-device", "pci-bridge,id=bridge,addr=5,chassis_nr=1")
    args += ("-object", "rng-builtin,id=source", "-netdev", "user,id=net")
    args += ("-blockdev", f"driver=file,node-name=disk,read-only=on,filename={disk}")
    fields = {
        "pairs": " ".join(f"{plug.address()}={plug.index()}" for plug in PLUGS),
        "rounds": plugging.rounds,
        "parameters": plugging.mode.parameters(),
        "how": plugging.how,
    }
    files = {**programs(), "bin/drc": cross.drc(run)}
    image = GuestImage(script=SCRIPT.format(**fields), files=files, modules=MODULES)
    with Guest(plugging.machine(args), run, image) as guest:
        guest.wait_for("ready")
        seen = []
        for number in range(plugging.rounds + 1):
            for index, plug in enumerate(PLUGS):
                line = plug_and_unplug(guest, plug, number * len(PLUGS) + index + 1)
                decision = line.get("mode"), line.get("reason")
                want = plugging.mode_of(plug)
                assert (plug.name, *decision) == (plug.name, want.mode, want.reason)
                assert (line.get("property") == "yes") == plug.f
                if "blk" in plug.model:
                    assert line.get("sum") == hashlib.sha256(content).hexdigest()
            seen.append(qemu_objects(guest.qemu.qmp))
        result = guest.finish(LIMIT)
    result.check(ignore=KNOWN_WARNINGS)
    if plugging.mode.secure:
        assert secure.violations(run) == []
    assert seen == [seen[0]] * len(seen)
    kib = [int(line["kib"]) for line in result.report.all("round")]
    # One round says nothing of memory: free pages, of 64 KiB, come and go.
    if plugging.rounds > 1:
        half = len(kib) // 2
        lost = median(kib[:half]) - median(kib[half:])
        assert lost < NOISE_KIB + LEAK_KIB * half, kib
