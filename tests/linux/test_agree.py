# SPDX-License-Identifier: GPL-2.0-or-later
"""Module, `vdmactl status`, `vdmactl explain` from the kernel's device tree, and QEMU's
counts agree on a device, whatever the command lines are."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.guest import secure
from tests.lib.guest.counts import TRACE, Counts
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.report import Report
from tests.lib.machine.devices import Device, Expected, virtio
from tests.lib.machine.pseries import Machine

DISK_MIB = 8
IO_BYTES = 3 * (DISK_MIB << 20)


TAGGED = virtio("tagged", "blk", 1)
UNTAGGED = virtio("untagged", "blk", 2, admin_off=True)
PLAIN = virtio("plain", "blk", 3, f=False)
DISKS = (TAGGED, UNTAGGED, PLAIN)

REQUESTS = ("", "identity", "tce", "bounce", "bypass", "direct")


@dataclass(frozen=True)
class Draw:
    """Random command lines."""

    append: str
    mode: str
    override: dict[str, str]
    quirk: bool
    secure: bool
    policy_first: bool

    def request(self, device: Device) -> str:
        """The mode that the administrator requests."""
        return self.override.get(device.address) or self.mode or "auto"

    def parameters(self) -> str:
        """For the module."""
        text = f"secure_quirk={int(self.quirk)}"
        if self.mode:
            text += f" mode={self.mode}"
        if self.override:
            items = self.override.items()
            text += " override=" + ",".join(f"{address}={mode}" for address, mode in items)
        return text

    def assume(self, device: Device) -> str:
        """Facts for explain that the tree does not have."""
        # The legacy interface of a transitional device has no VERSION_1.
        v1 = device.f or "force_legacy" not in self.append
        facts = {"f": device.f, "v1": v1, "secure": self.secure, "quirk": self.quirk}
        # A device that ignores the IOMMU has a pool in secure guests only.
        facts["pool"] = device.f or self.secure
        text = ",".join(f"{key}={int(bool(value))}" for key, value in facts.items())
        return f"{text},mode={self.request(device)}"


def draw(seed: int) -> Draw:
    """Draw from a seed."""
    lot = random.Random(seed)
    words = ("iommu=off", "disable_ddw", "virtio_pci.force_legacy=1", "disable_radix")
    asked = {device.address: lot.choice(REQUESTS) for device in DISKS}
    return Draw(
        " ".join(word for word in words if lot.random() < 0.4),
        lot.choice(REQUESTS),
        {address: mode for address, mode in asked.items() if mode},
        lot.random() < 0.7,
        lot.random() < 0.4,
        lot.random() < 0.5,
    )


def script(drawn: Draw, counts: Counts) -> str:
    """Drivers come last: without an IOMMU a disk with F may hang."""
    policy = f"load policy {drawn.parameters()}"
    first = [policy, "load bus"] if drawn.policy_first else ["load bus", policy]
    lines = [". /lib/vdma.sh", *first, "rebind_idle", "load drivers"]
    for device in DISKS:
        lines += [
            f"[ $(cat $PCI/{device.address}/virtio*/dma_policy/mode) = refuse ] ||"
            f" wait_for disk_of {device.address} || fail no disk",
            f"report explain fn={device.address} text=$(vdmactl explain --json"
            f" -A {drawn.assume(device)} /sys/firmware/fdt | base64 | tr -d '\\n')",
        ]
    return "\n".join(lines) + counts.script()


def explained(text: str, device: Device) -> Expected:
    """Explain's report of one function."""
    said = next(item for item in json.loads(text) if item["device"] == device.address)
    passed_over = tuple(said["passed_over"])
    return Expected(said["property"], said["mode"], said["reason"], passed_over)


def expectations(report: Report) -> dict[Device, Expected]:
    """By explain, of each device."""
    lines = {line["fn"]: line["text"] for line in report.all("explain")}
    return {
        device: explained(base64.b64decode(lines[device.address]).decode(), device)
        for device in DISKS
    }


@pytest.mark.extended
@pytest.mark.parametrize("seed", range(12))
def test_agree(run: Path, seed: int) -> None:
    """For random command lines, module, vdmactl and QEMU's counts agree on each device's mode."""
    drawn = draw(seed)
    (run / "drawn").write_text(f"{drawn}\n")
    machine = Machine(devices=DISKS, append=drawn.append, args=TRACE)
    if drawn.secure:
        machine = secure.secured(machine)
    counts = Counts(run, DISKS)
    with Guest(machine, run, GuestImage(script=script(drawn, counts), disk_mib=DISK_MIB)) as guest:
        counts.serve(guest)
        result = guest.finish(expect=lambda device: expectations(guest.report())[device])
    modes = {device: said.mode for device, said in expectations(result.report).items()}
    refused = [device.address for device in DISKS if modes[device] == "refuse"]
    # A refused device has no driver, and nothing else to check.
    result.check(ignore=(*secure.KNOWN_WARNINGS, *refused))
    for address in refused:
        line = result.report.device(address) or {}
        assert (line["driver"], line["mode"]) == ("-", "refuse")
    wrong = [counts.wrong(result.report, device, modes[device], IO_BYTES) for device in DISKS]
    assert not any(wrong), "\n".join(wrong)
    if drawn.secure:
        assert secure.violations(run) == []
