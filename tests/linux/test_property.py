# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong tags: malformed, in conflict with the hypervisor, or on a device that may not
bypass. The guest falls back, says why, and does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine import emulators, slof
from tests.lib.machine.devices import Device, Expected, virtio
from tests.lib.machine.pseries import Machine
from tests.lib.machine.slof import (
    H_DMA_BYPASS,
    WINDOW_BASE,
    bypass_window,
    tag_cells,
    tag_words,
)

MEM_MIB, HOTPLUG_MIB = 2048, 1024
SIZE = bypass_window(MEM_MIB, HOTPLUG_MIB)

GOOD = tag_cells(H_DMA_BYPASS, WINDOW_BASE, SIZE)


@dataclass(frozen=True)
class Forged:
    """A tag that replaces firmware's, and why it is passed over."""

    what: str
    tag: tuple[int, ...]
    reason: str
    admin_off: bool = False


FORGED = (
    Forged("firmware's own tag", GOOD, ""),
    Forged("one cell too few", GOOD[:4], "property-malformed"),
    Forged("one cell too many", (*GOOD, 0), "property-malformed"),
    Forged("no cells", (), "property-malformed"),
    Forged("unknown hypercall", tag_cells(0xF011, WINDOW_BASE, SIZE), "property-malformed"),
    Forged(
        "base not aligned",
        tag_cells(H_DMA_BYPASS, WINDOW_BASE + 0x8000, SIZE),
        "property-malformed",
    ),
    Forged("size 0", tag_cells(H_DMA_BYPASS, WINDOW_BASE, 0), "property-malformed"),
    Forged(
        "window that wraps",
        tag_cells(H_DMA_BYPASS, 0xFFFF_FFFF_FFFF_0000, SIZE),
        "property-malformed",
    ),
    Forged("another base", tag_cells(H_DMA_BYPASS, WINDOW_BASE + 0x10000, SIZE), "hcall-disagrees"),
    Forged("another size", tag_cells(H_DMA_BYPASS, WINDOW_BASE, SIZE // 2), "hcall-disagrees"),
    Forged("administrator says no", GOOD, "hcall-refused", admin_off=True),
)


def machine(run: Path, qemu: str) -> Machine:
    """A disk for each forged tag."""
    source = run / "forge.fs"
    source.write_text(
        "hex\n"
        + "".join(
            tag_words(f"/pci@800000020000000/scsi@{i + 1:x}", forged.tag)
            for i, forged in enumerate(FORGED)
        )
    )
    devices = tuple(
        virtio(f"disk{i}", "blk", i + 1, admin_off=forged.admin_off)
        for i, forged in enumerate(FORGED)
    )
    return Machine(
        qemu=qemu,
        mem_mib=MEM_MIB,
        hotplug_mib=HOTPLUG_MIB,
        # In the ROM image the plugin runs before the NVRAM is read.
        firmware="rom" if emulators.of(qemu).bypass else "none",
        devices=devices,
        args=tuple(slof.prom_env(source)),
    )


@pytest.mark.parametrize("qemu", ["vdma", pytest.param("stock", marks=pytest.mark.extended)])
def test_forged_tag(run: Path, qemu: str) -> None:
    """Each wrong tag leaves its device behind the IOMMU, with the reason."""

    def expect(device: Device) -> Expected:
        reason = FORGED[device.slot - 1].reason
        if not emulators.of(qemu).bypass and reason != "property-malformed":
            reason = "hcall-missing"
        if not reason:
            return Expected(True, "bypass", "dt-bypass")
        return Expected(True, "identity", "ddw-covers-memory", (f"bypass:{reason}",))

    with Guest(machine(run, qemu), run, GuestImage(disk_mib=2)) as guest:
        result = guest.finish(expect=expect)
    result.check()
