# SPDX-License-Identifier: GPL-2.0-or-later
"""Every device type that QEMU offers, plugged into a secure VM: filtered, refused, or
known to reach none of the guest's pages (devices.toml)."""

from __future__ import annotations

import re
import subprocess
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build.parts import TOP
from tests.lib.host.process import until
from tests.lib.machine import emulators, slof
from tests.lib.machine.qmp import QmpError

# Seconds for a device to go.
LIMIT = 60.0

# The VM's own address spaces, those of its CPUs, and what the others must not show.
SYSTEM = re.compile(r"memory|device-memory|cpu-memory-\d+")
RAM = re.compile(r"\(prio -?\d+, ram\): (ppc_spapr\.ram|spare)\b")
GUARD = "(prio 8, i/o): dma-guard"

# Controllers to plug devices into, and back ends for those that take one.
HOST = """
-m 512M,slots=4,maxmem=2G -object memory-backend-ram,id=spare,size=256M
-object rng-builtin,id=source -blockdev null-co,node-name=disk,size=1048576
-fsdev local,id=files,path=/,security_model=none
-device qemu-xhci,id=usb,addr=1 -device virtio-scsi-pci,id=scsi,addr=2
-device virtio-serial-pci,id=serial,addr=3 -machine x-ultravisor=on
"""


@dataclass(frozen=True)
class Rule:
    """A rule of devices.toml."""

    how: str
    why: str = ""
    bus: str | None = None
    type: list[str] = field(default_factory=lambda: ["*"])
    options: dict[str, Any] = field(default_factory=dict)
    fails: str = ""
    cold: bool = False

    def fits(self, name: str, bus: str) -> bool:
        """Is it about this type?"""
        return self.bus in (None, bus) and any(fnmatchcase(name, t) for t in self.type)


RULES = [Rule(**r) for r in tomllib.loads((TOP / "tests/secure/devices.toml").read_text())["rule"]]


def offered(binary: Path) -> dict[str, str]:
    """The bus of each type that -device takes, "" for none."""
    command = [binary, "-M", "pseries", "-device", "help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = re.findall(r'^name "([^"]+)"(.*)$', text, re.MULTILINE)
    buses = {name: re.search(r", bus ([^,]+)", rest) for name, rest in lines}
    return {name: bus[1] if bus else "" for name, bus in buses.items()}


def rule_of(name: str, bus: str) -> Rule:
    """The first that fits; a type without one is a failure."""
    for rule in RULES:
        if rule.fits(name, bus):
            return rule
    return Rule("unknown")


def views(guest: slof.Prompt) -> dict[str, str]:
    """The views of all address spaces, by name; those of equal names joined."""
    found: dict[str, str] = {}
    text = guest.qmp.monitor("info mtree -f")
    for view in re.split(r"^FlatView #\d+$", text, flags=re.MULTILINE):
        for name in re.findall(r'^ AS "([^"]+)"', view, re.MULTILINE):
            found[name] = found.get(name, "") + view
    return found


def unguarded(guest: slof.Prompt) -> list[str]:
    """Names of address spaces that lead to the guest's memory."""
    return [n for n, view in views(guest).items() if RAM.search(view) and not SYSTEM.fullmatch(n)]


class Trial:
    """One type after another, in one secure VM."""

    def __init__(self, guest: slof.Prompt) -> None:
        self.guest = guest

    def plug(self, name: str, options: dict[str, Any]) -> str:
        """Plug a device; QEMU's refusal, or nothing."""
        with self.guest.stopped():
            try:
                self.guest.qmp.command("device_add", driver=name, id=f"it-{name}", **options)
            except QmpError as error:
                return str(error)
        return ""

    def unplug(self, name: str) -> None:
        """Unplug it; it goes at once since SLOF has not taken it. Some types cannot."""
        with suppress(QmpError):
            self.guest.qmp.command("device_del", id=f"it-{name}")
            devices = partial(self.guest.qmp.command, "qom-list", path="/machine/peripheral")
            until(lambda: f"it-{name}" not in [device["name"] for device in devices()], LIMIT)

    def guarded(self) -> int:
        """How many address spaces have a guard in front of them."""
        return sum(view.count(GUARD) for view in views(self.guest).values())

    def problems(self, name: str, rule: Rule) -> list[str]:
        """How the type differs from its rule."""
        if rule.how == "unknown":
            return [f"{name}: no rule says how it reaches memory"]
        if rule.cold:
            return []
        before = self.guarded()
        said = self.plug(name, rule.options)
        wanted = f"cannot plug {name} into a secure VM" if rule.how == "refused" else rule.fails
        if said or wanted:
            right = said and wanted and wanted in said
            return [] if right else [f"{name}: {said or 'was plugged'}"]
        self.guest.ask("t-masters")
        found = []
        if rule.how == "guarded" and self.guarded() == before:
            found.append(f"{name}: it has no guard")
        found += [f"{name}: {space} is not guarded" for space in unguarded(self.guest)]
        self.unplug(name)
        return found


def cold(types: dict[str, str]) -> list[str]:
    """Options for those that are there from the start."""
    options: list[str] = []
    for name, bus in types.items():
        rule = rule_of(name, bus)
        if rule.cold and not rule.fails:
            more = "".join(f",{key}={value}" for key, value in rule.options.items())
            options += ["-device", name + more]
    return options


@pytest.mark.extended
def test_every_type(run: Path) -> None:
    """Each device type that QEMU offers has a rule and behaves as it says."""
    types = offered(emulators.of("vdma").binary)
    options = [*HOST.split(), *cold(types)]
    with slof.Prompt(run, [slof.FORTH / "uv-words.fs"], options) as guest:
        assert guest.ask("t-secure") == 0
        guest.ask("t-masters")
        found, trial = unguarded(guest), Trial(guest)
        for name, bus in types.items():
            found += trial.problems(name, rule_of(name, bus))
    assert found == []
