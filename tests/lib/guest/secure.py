# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure VMs: machines for them, and the DMA guard's reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.lib.build import kernels
from tests.lib.build.parts import TOP
from tests.lib.guest.linux import Guest
from tests.lib.machine.devices import Device
from tests.lib.machine.pseries import Machine
from tests.lib.machine.qmp import Qmp

TRACE = ("-trace", "dma_guard_*", "-trace", "spapr_uv_*")

# tests/secure/secure.sh makes it read and write a private page.
CONTROL = "control"
CONTROL_ARGS = (
    "-object",
    "rng-builtin,id=control-source",
    "-device",
    f"virtio-rng-pci,id={CONTROL},rng=control-source,bus=pci.0,addr=1f",
)

PAGE_SHIFT = 16

# The kernel's own check of the DMA API, which the secure kernels have, prints the first
# thing that it finds: up to 6.12 virtio_scsi's event buffers too close to each other,
# since then that virtio_scsi leaves them mapped when it is unbound.
KNOWN_WARNINGS = ("add_dma_entry", "dma_debug_device_change")


@dataclass(frozen=True)
class Violation:
    """A violation that the guard has traced."""

    device: str
    address: int
    size: int
    direction: str
    denied: bool

    def text(self) -> str:
        """For people."""
        return (
            f"{self.device}: {self.direction} of {self.size} bytes at {self.address:#x},"
            " private memory"
        )

    def page(self) -> int:
        """Number of the page, as ultracalls have it."""
        return self.address >> PAGE_SHIFT


def violations(run: Path) -> list[Violation]:
    """All violations, in order."""
    log = (run / "qemu.log").read_text(errors="replace")
    line = r"dma_guard_violation device=(\S+) address=(0x\w+) size=(\d+)"
    line += r" direction=(\w+) denied=(\d)$"
    found = re.findall(line, log, re.MULTILINE)
    assert len(found) == log.count("dma_guard_violation")
    return [
        Violation(name, int(at, 16), int(size), way, denied == "1")
        for name, at, size, way, denied in found
    ]


def metric(qmp: Qmp, name: str) -> Any:
    """One of the machine's properties (docs/secure-vm.md)."""
    return qmp.command("qom-get", path="/machine", property=name)


class Watch:
    """The guard's counts and the shared pages, each time that a guest asks."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.shared: dict[str, int] = {}
        self.violations: dict[str, int] = {}

    def serve(self, last: str = "end", **steps: Callable[[], str | None]) -> None:
        """Answer the guest's questions up to LAST; note the state at those without a step."""
        asked = ("start", "used", "end")
        notes = {word: partial(self.note, word) for word in asked}
        self.guest.serve({**notes, **steps}, last)

    def note(self, when: str) -> None:
        """Note the present state."""
        qmp = self.guest.qemu.qmp
        self.shared[when] = metric(qmp, "uv-shared-pages")
        self.violations[when] = metric(qmp, "dma-guard-violations")

    def check_control(self) -> list[Violation]:
        """Violations before the control, which the guard must have seen at the end."""
        __tracebackhide__ = True
        seen = violations(self.guest.run)
        before, after = seen[: self.violations["used"]], seen[self.violations["used"] :]
        assert [v for v in after if v.device == CONTROL], "the guard missed the control"
        assert not [v for v in before if v.device == CONTROL]
        return before

    def check_module(self) -> None:
        """No device touched a private page, and all shared pages are private again."""
        __tracebackhide__ = True
        assert self.check_control() == []
        assert self.shared["used"] > self.shared["start"]
        assert self.shared["end"] == self.shared["start"]


def machine(
    devices: tuple[Device, ...],
    append: str = "",
    guard: str = "deny",
    args: Sequence[str] = (),
    **more: Any,
) -> Machine:
    """A machine whose guest becomes a secure VM, with the control in it."""
    fields: dict[str, Any] = {"kernel": kernels.default_secure(), "mem_mib": 1024, "hotplug_mib": 0, **more}
    plain = Machine(append=append, devices=devices, args=(*CONTROL_ARGS, *args), **fields)
    return secured(plain, guard)


def secured(plain: Machine, guard: str = "deny") -> Machine:
    """The same machine, whose guest becomes a secure VM."""
    return replace(
        plain,
        kernel=kernels.secure(plain.kernel),
        append=f"svm=on {plain.append}".strip(),
        machine_options=f"x-ultravisor=on,x-dma-guard={guard}",
        args=(*TRACE, *plain.args),
    )


def script(*names: str) -> tuple[str, dict[str, bytes]]:
    """A guest's script of files of tests/secure, and the files that it sources."""
    folder = TOP / "tests/secure"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in names)
    return text, {"lib/secure.sh": (folder / "secure.sh").read_bytes()}
