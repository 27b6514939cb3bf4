# SPDX-License-Identifier: GPL-2.0-or-later
"""TCE hypercalls and translations that QEMU counts while a device works: proof of a
mode that the module only claims."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lib.guest.linux import Guest
from tests.lib.guest.report import Fields, Report
from tests.lib.machine.devices import Device

TRACE = ("-trace", "spapr_iommu_pci_*", "-trace", "spapr_iommu_xlate")
# A PHB's default window and its dynamic one, by the last bit of the LIOBN.
WINDOW_BASES = (0, 1 << 59)
TCE_BYTES = 4096
# A mapping for each page, unless neighbours share a hypercall.
TCES_PER_CALL = 512

@dataclass(frozen=True)
class Counted:
    """Counts of one device's I/O."""

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


def proves(mode: str, f: bool, seen: Counted, line: Fields, io_bytes: int) -> bool:
    """Do the counts match the MODE of a device that has moved so many bytes?

    In bypass, and for a device without F, the IOMMU has no part in it. In identity all
    memory was mapped before, in bounce a pool; in tce each request is.
    """
    if mode in ("direct", "bypass", "refuse") or not f:
        return seen == Counted(0, ())
    if not seen.translated or not inside(seen, line):
        return False
    if mode == "tce":
        return seen.tce_calls > io_bytes // TCE_BYTES // TCES_PER_CALL
    pool = int(line["pool_bytes"])
    return seen.tce_calls == 0 and (
        mode == "identity" or int(line["window_size"], 0) == pool < io_bytes
    )


# Reports the window that the module claims, and has the host mark the log.
SCRIPT = """
for fn in {addresses}; do
    dir=$(echo $PCI/$fn/virtio*/dma_policy)
    [ ! -d "$dir" ] || report window "fn=$fn" "window_base=$(cat $dir/window_base)" \\
        "window_size=$(cat $dir/window_size)" "pool_bytes=$(cat $dir/pool_bytes)"
    ask from-$fn
    run_device $fn
    {more}
    ask to-$fn
done
"""


class Counts:
    """Counts for each of DEVICES, one after the other, in a guest that is traced
    (TRACE) and runs SCRIPT."""

    def __init__(self, run: Path, devices: Sequence[Device]) -> None:
        self._log = run / "qemu.log"
        self._addresses = [device.address for device in devices]
        self._marks: dict[str, int] = {}

    def script(self, more: str = "") -> str:
        """For the guest; MORE is for each function $fn, in addition to I/O."""
        return SCRIPT.format(addresses=" ".join(self._addresses), more=more or ":")

    def serve(self, guest: Guest) -> None:
        """Mark the log when the guest asks for it, to its last device."""

        def mark(word: str) -> None:
            self._marks[word] = self._log.stat().st_size

        words = [f"{way}-{address}" for address in self._addresses for way in ("from", "to")]
        guest.serve({word: partial(mark, word) for word in words}, words[-1])

    def of(self, device: Device) -> Counted:
        """What was counted while DEVICE worked."""
        start, end = (self._marks[f"{way}-{device.address}"] for way in ("from", "to"))
        return counted(self._log.read_bytes()[start:end].decode(errors="replace"))

    def wrong(self, report: Report, device: Device, mode: str, io_bytes: int) -> str:
        """A line if the counts contradict MODE; else empty."""
        seen = self.of(device)
        line = next(line for line in report.all("window") if line["fn"] == device.address)
        if proves(mode, bool(device.f), seen, line, io_bytes):
            return ""
        return (
            f"{device.address}: {mode}, but {seen.tce_calls} TCE calls,"
            f" {len(seen.translated)} translations"
        )
