# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure VMs with our module that run a script under the DMA guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lib.build import cross, kernels
from tests.lib.guest import secure
from tests.lib.guest.linux import Guest, GuestImage, Result
from tests.lib.machine.devices import Device
from tests.secure.matrix import MATRIX

SOURCE = ". /lib/vdma.sh\n. /lib/secure.sh\n"


def device(kind: str, f: bool, slot: int, name: str = "") -> Device:
    """One of the matrix's devices, in a slot."""
    fields = next(d for d in MATRIX["device"] if d["name"] == kind)
    address = f"0000:00:{slot:02x}.0"
    return Device(**{**fields, "name": name or kind}, address=address, slot=slot, f=f)


def loader(run: Path) -> bytes:
    """The guest's program for loads (bench/loader.c)."""
    return cross.program(run, "bench/loader.c")


def module(name: str, run: Path) -> bytes:
    """A module for the guest, from a file in this folder."""
    return cross.module(run, kernels.default_secure(), f"tests/secure/{name}.c")


@dataclass(frozen=True)
class Plan:
    """A boot: SCRIPT begins and ends by itself (secure.sh: begin, give_back)."""

    script: str
    devices: tuple[Device, ...]
    machine: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    disk_mib: int = 2
    policy: bool = True


Steps = dict[str, Callable[[], str | None]]


def boot(
    run: Path, plan: Plan, steps: Callable[[Guest], Steps] = lambda guest: {}
) -> tuple[secure.Watch, Result]:
    """Run it to its end; STEPS has the host's answers to the guest."""
    _, files = secure.script()
    image = GuestImage(
        plan.policy,
        SOURCE + plan.script,
        {**files, **plan.files},
        plan.modules,
        disk_mib=plan.disk_mib,
    )
    with Guest(secure.machine(plan.devices, **plan.machine), run, image) as guest:
        watch = secure.Watch(guest)
        watch.serve(**steps(guest))
        return watch, guest.finish()
