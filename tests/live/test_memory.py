# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory added and removed under a disk at work: the device reaches it at once, in mode
bypass without a hypercall."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lib.guest import modes, secure
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine.devices import DEVICES, Device
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome

BLK_F, BLK = DEVICES[:2]
MIB = 1 << 20
# One logical memory block.
ADDED_MIB = 256
READ_MIB, PROBES = 16, 16

# With movable_node, memory that is added is what programs get first.
SCRIPT = """
. /lib/vdma.sh
load policy {parameters}
bring_up
settle
disk=/dev/$(disk_of {blk})
memory() {{
    awk '/^MemTotal/ {{ print int($2 / 1024) }}' /proc/meminfo
}}
# memory_is COMPARISON MIB: as test has it; waits for the kernel.
memory_is() {{
    local tries=600

    until [ $(memory) $1 $2 ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "memory $(memory) MiB, not $1 $2"
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}}
reads_begin $disk
had=$(memory)
ask plug
memory_is -ge $((had + {added} / 2))
ask plugged
# dd has its buffer until all of it has gone through the pipe
{{ dd if=$disk bs={read}M count=1 iflag=direct status=none || fail read; }} | {{
    dd bs=1 count=1 of=/dev/null status=none
    ask look
    cat >/dev/null
}}
run_device {blk}
ask unplug
memory_is -lt $((had + {added} / 2))
run_device {blk}
reads_end
ask end
"""


# Hypercalls for a block that is added, and again when it is removed. In tce the disk's
# own I/O takes some.
CALLS = {"direct": 0, "bypass": 0, "identity": 1, "bounce": 0}
# Modes in which the kernel may create a dynamic window.
WITH_DDW = ("identity", "bounce")


def disk_for(mode: DmaMode) -> Device:
    """The disk under test."""
    return BLK_F if mode.f else BLK


def machine_for(mode: DmaMode) -> Machine:
    """A machine whose TCE calls are all traced."""
    args = ("-trace", "spapr_iommu_*", "-trace", "spapr_vdma_hcall")
    append = "movable_node" if mode.mode in WITH_DDW else "movable_node disable_ddw"
    devices = (disk_for(mode),)
    if mode.secure:
        return secure.machine(devices, append, args=args, mem_mib=768, hotplug_mib=1024)
    return Machine(devices=devices, append=append, args=args, mem_mib=768)


HCALL = re.compile(r"^spapr_(?:iommu(?:_pci)?_(?:put|stuff|indirect)|vdma_hcall) .*", re.MULTILINE)


@dataclass
class Dimm:
    """Memory that is plugged into a guest."""

    guest: Guest
    calls: dict[str, int] = field(default_factory=dict)

    def count(self, when: str) -> None:
        """How many hypercalls for windows have there been?"""
        log = (self.guest.run / "qemu.log").read_text(errors="replace")
        self.calls[when] = len(HCALL.findall(log))

    def plug(self) -> None:
        """Plug it; QEMU tells the guest."""
        qmp = self.guest.qemu.qmp
        self.count("before")
        backend = {"qom-type": "memory-backend-memfd", "id": "more", "size": ADDED_MIB * MIB}
        qmp.command("object-add", **backend)
        qmp.command("device_add", driver="pc-dimm", id="dimm", memdev="more")

    def unplug(self) -> None:
        """Unplug it; it goes when the guest uses no page of it."""
        self.guest.qemu.qmp.command("device_del", id="dimm")

    def holds(self, disk: bytes) -> int:
        """How many of the PROBES into what the guest has read are in it?"""
        step = READ_MIB * MIB // PROBES
        with self.guest.qemu.memory().open("rb") as opened:
            with mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as memory:
                probes = [disk[at : at + 64] for at in range(0, READ_MIB * MIB, step)]
                return sum(memory.find(probe) >= 0 for probe in probes)


def windows(guest: Guest) -> dict[str, int]:
    """TCE windows by their number, and their sizes in bytes."""
    tree = guest.qemu.qmp.monitor("info mtree")
    found = re.findall(r"(\w{16})-(\w{16}) .*tce-iommu-(\w+)", tree)
    return {name: int(end, 16) + 1 - int(start, 16) for start, end, name in sorted(found)}


@pytest.mark.parametrize(
    "mode",
    [pytest.param(m, id=f"memory-{m.mode}", marks=pytest.mark.extended) for m in modes.EACH_MODE],
)
def test_memory(run: Path, outcome: Outcome, mode: DmaMode) -> None:
    """A disk at work reads into memory that was just added, and survives its removal."""
    outcome("memory", mode.mode)
    fields = {"parameters": mode.parameters(), "blk": disk_for(mode).address}
    script = SCRIPT.format(**fields, added=ADDED_MIB, read=READ_MIB)
    found: list[int] = []
    with Guest(machine_for(mode), run, GuestImage(script=script, disk_mib=READ_MIB)) as guest:
        dimm = Dimm(guest)
        disk = (run / f"{disk_for(mode).name}.img").read_bytes()
        guest.serve(
            {
                "plug": dimm.plug,
                "plugged": lambda: dimm.count("plugged"),
                "look": lambda: found.append(dimm.holds(disk)),
                "unplug": dimm.unplug,
                "end": lambda: dimm.count("end"),
            },
            "end",
        )
        result = guest.finish(expect=lambda device: mode.expected())
    result.check()
    assert found == [PROBES]
    rounds = result.report.one("rounds")
    assert rounds and int(rounds["count"]) > 1
    calls = dimm.calls
    if mode.mode in CALLS:
        assert calls["plugged"] - calls["before"] == CALLS[mode.mode]
        assert calls["end"] - calls["plugged"] == CALLS[mode.mode]
    if mode.secure:
        assert secure.violations(run) == []


TABLES = """
. /lib/vdma.sh
load policy mode=identity
bring_up
report_device {blk}
ask look
"""


@dataclass(frozen=True)
class WindowTable:
    """Size of a TCE table: BYTES for a dynamic window with pages of SHIFT, where memory is
    GIB, and 1 GiB can be added."""

    gib: int
    shift: int
    bytes: int


# A window's size is a power of two.
SIZES = (
    WindowTable(1, 24, 1 << 10),
    WindowTable(4, 24, 4 << 10),
    WindowTable(16, 24, 16 << 10),
    WindowTable(16, 16, 4 << 20),
)
DEFAULT_BYTES = 2 << 20


@pytest.mark.parametrize(
    "size",
    [pytest.param(s, id=f"{s.gib}-{s.shift}", marks=pytest.mark.extended) for s in SIZES],
)
def test_tables(run: Path, size: WindowTable) -> None:
    """A dynamic window's table grows with memory, the default window's does not."""
    seen: list[dict[str, int]] = []
    pages = 1 << 12 | 1 << size.shift
    args = ("-trace", "spapr_iommu_ddw_create")
    args += ("-global", f"spapr-pci-host-bridge.pgsz={pages:#x}")
    machine = Machine(devices=(BLK_F,), args=args, mem_mib=size.gib << 10)
    script = TABLES.format(blk=BLK_F.address)
    with Guest(machine, run, GuestImage(script=script, disk_mib=1)) as guest:
        guest.serve({"look": lambda: seen.append(windows(guest))}, "look")
        report = guest.finish().report
    assert (report.device(BLK_F.address) or {})["mode"] == "identity"
    log = (run / "qemu.log").read_text(errors="replace")
    assert re.findall(r"ddw_create .* page size=(0x\w+)", log) == [f"{1 << size.shift:#x}"]
    default, dynamic = seen[0].values()
    assert default // (1 << 12) * 8 == DEFAULT_BYTES
    assert dynamic // (1 << size.shift) * 8 == size.bytes
