# SPDX-License-Identifier: GPL-2.0-or-later
"""Each mode is proved by what QEMU counts while a device in it works, not by what the
module says of itself: TCE hypercalls, and addresses that QEMU translated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.lib import rows, secure
from tests.lib.devices import Device, Expected
from tests.lib.guest import Cargo, Guest
from tests.lib.machine import Machine
from tests.lib.report import Fields

TRACE = ("-trace", "spapr_iommu_pci_*", "-trace", "spapr_iommu_xlate")
# A PHB's default window and its dynamic one, by the last bit of the LIOBN.
WINDOW_BASES = (0, 1 << 59)
DISK_MIB = 8
# run_device reads the disk, then reads and writes its two halves.
IO_BYTES = 3 * (DISK_MIB << 20)
TCE_BYTES = 4096
# A mapping for each page, unless neighbours share a hypercall: 512 pages at most.
TCE_CALLS_MIN = IO_BYTES // TCE_BYTES // 512


@dataclass(frozen=True)
class Counted:
    """What QEMU saw of one device's I/O."""

    tce_calls: int
    translated: tuple[int, ...]


def counted(log: str) -> Counted:
    """From QEMU's trace, which has offsets into a window."""
    found = re.findall(r"spapr_iommu_xlate liobn=0x(\w+) 0x(\w+) ->", log)
    return Counted(
        len(re.findall(r"spapr_iommu_pci_(?:put|stuff|indirect) ", log)),
        tuple(WINDOW_BASES[int(liobn, 16) & 1] + int(at, 16) for liobn, at in found),
    )


def inside(seen: Counted, line: Fields) -> bool:
    """Did all DMA stay in the window that the guest says?"""
    base, size = int(line["window_base"], 0), int(line["window_size"], 0)
    return all(base <= address < base + size for address in seen.translated)


def is_direct(seen: Counted, _line: Fields) -> bool:
    """The IOMMU has no part in it, nor had it in bypass."""
    return seen == Counted(0, ())


def is_identity(seen: Counted, line: Fields) -> bool:
    """Translated, through a window of all memory that was mapped before."""
    return seen.tce_calls == 0 and bool(seen.translated) and inside(seen, line)


def is_tce(seen: Counted, line: Fields) -> bool:
    """Mapped and unmapped for each request."""
    return seen.tce_calls > TCE_CALLS_MIN and bool(seen.translated) and inside(seen, line)


def is_bounce(seen: Counted, line: Fields) -> bool:
    """Translated within a pool that was mapped before."""
    pool = int(line["pool_bytes"])
    return is_identity(seen, line) and int(line["window_size"], 0) == pool < IO_BYTES


@dataclass(frozen=True)
class Mode:
    """A disk in a mode, and how that shows."""

    expected: Expected
    shows: Callable[[Counted, Fields], bool]
    f: bool = True
    request: str = ""


ASKED = "bypass:requested"
MODES = (
    Mode(Expected(True, "bypass", "dt-bypass"), is_direct),
    Mode(Expected(False, "direct", "no-access-platform"), is_direct, f=False),
    Mode(Expected(True, "identity", "requested", (ASKED,)), is_identity, request="identity"),
    Mode(
        Expected(True, "tce", "requested", (ASKED, "identity:requested")), is_tce, request="tce"
    ),
    Mode(
        Expected(True, "bounce", "requested", (ASKED, "identity:requested")),
        is_bounce,
        request="bounce",
    ),
)
VETO = ("bypass:secure-veto", "identity:secure-veto")
# What has no F ignores the IOMMU; that its addresses are the pool's is the guard's word.
SECURE_MODES = (
    Mode(Expected(True, "bounce", "secure-platform", VETO), is_bounce),
    Mode(Expected(False, "bounce", "secure-quirk"), is_direct, f=False),
)

SCRIPT = """
. /lib/vdma.sh
load policy override={override}
load bus
rebind_idle
load drivers
settle
for fn in {addresses}; do
    dir=$(echo $PCI/$fn/virtio*/dma_policy)
    report window "fn=$fn" "window_base=$(cat $dir/window_base)" \\
        "window_size=$(cat $dir/window_size)" "pool_bytes=$(cat $dir/pool_bytes)"
    ask from-$fn
    run_device $fn
    read_large $fn || fail "large requests of $fn"
    ask to-$fn
done
"""

KERNELS = [
    pytest.param(name, marks=[] if name in rows.kernels(rows.EVERYDAY) else pytest.mark.matrix)
    for name in rows.kernels()
]


def disk(number: int, mode: Mode) -> Device:
    """A disk for a mode."""
    slot = number + 1
    address = f"0000:00:{slot:02x}.0"
    return Device(
        f"disk{number}", address, "virtio-blk-pci", "virtio_blk", "disk", mode.f, slot=slot
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_counts_prove_the_mode(run: Path, kernel: str) -> None:
    """One disk after the other does I/O, whose content is checked as well."""
    modes = SECURE_MODES if rows.is_secure(kernel) else MODES
    disks = {disk(number, mode): mode for number, mode in enumerate(modes)}
    requests = {device.address: mode.request for device, mode in disks.items() if mode.request}
    machine = Machine(kernel=kernel, devices=tuple(disks), args=TRACE)
    if rows.is_secure(kernel):
        machine = secure.secured(machine)
    script = SCRIPT.format(
        override=",".join(f"{address}={mode}" for address, mode in requests.items()),
        addresses=" ".join(device.address for device in disks),
    )
    marks: dict[str, int] = {}

    def mark(word: str) -> None:
        marks[word] = (run / "qemu.log").stat().st_size

    words = [f"{way}-{device.address}" for device in disks for way in ("from", "to")]
    with Guest(machine, run, Cargo(script=script, disk_mib=DISK_MIB)) as guest:
        guest.serve({word: partial(mark, word) for word in words}, words[-1])
        result = guest.finish(expect=lambda device: disks[device].expected)
    result.check(but=secure.KNOWN)
    log = (run / "qemu.log").read_bytes()
    windows = {line["fn"]: line for line in result.report.all("window")}
    for device, mode in disks.items():
        part = log[marks[f"from-{device.address}"] : marks[f"to-{device.address}"]]
        seen = counted(part.decode(errors="replace"))
        what = f"{mode.expected.mode}: {seen.tce_calls} TCE calls, {len(seen.translated)} translations"
        assert mode.shows(seen, windows[device.address]), what
    if rows.is_secure(kernel):
        assert secure.violations(run) == []
