# SPDX-License-Identifier: GPL-2.0-or-later
"""The modes of DMA: how a test makes a guest use one, and what the guest must report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lib.machine.devices import Device, Expected

# Passed over because another mode was requested, or because the guest is a secure VM.
REQUESTED = ("bypass:requested", "identity:requested")
VETO = ("bypass:secure-veto", "identity:secure-veto")


@dataclass(frozen=True)
class DmaMode:
    """The mode of a device and what a guest reports of it. F: the device offers
    ACCESS_PLATFORM; SECURE: the guest is a secure VM."""

    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()
    f: bool = True
    secure: bool = False

    def expected(self) -> Expected:
        """The guest's report; firmware tags what offers ACCESS_PLATFORM."""
        return Expected(self.f, self.mode, self.reason, self.passed_over)

    def request(self) -> str:
        """The mode to request for the device; "" if the guest takes it by itself."""
        return self.mode if self.reason == "requested" else ""

    def parameters(self) -> str:
        """The module's parameters that request it for all devices."""
        return f"mode={self.mode}" if self.request() else ""


def override(disks: Mapping[Device, DmaMode]) -> str:
    """The module's parameter that requests each device's mode."""
    requests = {device.address: mode.request() for device, mode in disks.items()}
    return "override=" + ",".join(f"{at}={mode}" for at, mode in requests.items() if mode)


DIRECT = DmaMode("direct", "no-access-platform", f=False)
BYPASS = DmaMode("bypass", "dt-bypass")
IDENTITY = DmaMode("identity", "requested", REQUESTED[:1])
TCE = DmaMode("tce", "requested", REQUESTED)
BOUNCE = DmaMode("bounce", "requested", REQUESTED)
SECURE_BOUNCE = DmaMode("bounce", "secure-platform", VETO, secure=True)
SECURE_QUIRK = DmaMode("bounce", "secure-quirk", f=False, secure=True)

# One of each mode, bounce as in a secure VM.
EACH_MODE = (DIRECT, BYPASS, IDENTITY, TCE, SECURE_BOUNCE)
