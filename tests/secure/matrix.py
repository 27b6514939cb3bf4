# SPDX-License-Identifier: GPL-2.0-or-later
"""matrix.toml as cases."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lib.build import kernels
from tests.lib.build.parts import TOP
from tests.lib.machine.devices import Device

MATRIX: dict[str, Any] = tomllib.loads((TOP / "tests/secure/matrix.toml").read_text())
DEVICES = [device["name"] for device in MATRIX["device"]]


@dataclass(frozen=True)
class MatrixCase:
    """One boot."""

    kernel: str
    module: bool
    f: bool
    swiotlb: str
    cpus: int
    extra: str = ""

    def name(self) -> str:
        """For people and for files."""
        words = [
            self.kernel,
            "module" if self.module else "stock",
            "f" if self.f else "no-f",
            *(["swiotlb"] if self.swiotlb else []),
            f"{self.cpus}cpu",
            *([self.extra] if self.extra else []),
        ]
        return "-".join(words)

    def often(self) -> bool:
        """Is it part of make check? Only with one kernel there: the usual one, or the one
        requested."""
        if self.extra or kernels.secure(self.kernel) != kernels.default_secure():
            return False
        return any(
            all(getattr(self, key) == value for key, value in row.items())
            for row in MATRIX["often"]
        )

    def devices(self) -> tuple[Device, ...]:
        """The devices of the boot, as QEMU and guest have them."""
        return tuple(
            Device(address=f"0000:00:{slot:02x}.0", slot=slot, f=self.f, **device)
            for slot, device in enumerate(MATRIX["device"], 1)
        )


def product(axes: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """All combinations of these values."""
    return [dict(zip(axes, values)) for values in itertools.product(*axes.values())]


def cases() -> list[MatrixCase]:
    """All combinations, and the additional rows."""
    axes = MATRIX["axes"]
    found = [MatrixCase(**fields) for fields in product(axes)]
    usual = {"kernel": axes["kernel"], "module": [True], "swiotlb": [""], "cpus": [4]}
    for row in MATRIX["additional"]:
        found += [MatrixCase(**fields) for fields in product({**usual, **row})]
    return [case for case in found if case.module or case.kernel in MATRIX["stock_kernels"]]


CASES = [
    pytest.param(case, id=case.name(), marks=() if case.often() else pytest.mark.extended)
    for case in cases()
]
