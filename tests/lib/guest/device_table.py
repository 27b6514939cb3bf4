# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of devices, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lib.guest.report import Fields
from tests.lib.machine.versions import Versions

# Version of devices.json; the first was an array.
SCHEMA = 2

TITLES = ("DEVICE", "DRIVER", "F", "PROPERTY", "MODE", "REASON", "PASSED OVER", "I/O")
WIDTHS = (12, 11, 1, 8, 8, 19, 22)


@dataclass(frozen=True)
class DeviceRow:
    """One line of the table, one object of devices.json."""

    device: str
    driver: str
    f: bool | None
    property: bool
    secure: bool
    mode: str
    reason: str
    passed_over: list[str]
    io: str

    def json(self) -> dict[str, Any]:
        """The object as it stands in devices.json."""
        return asdict(self)


def make_row(address: str, line: Fields | None, io: str) -> DeviceRow:
    """The row for a device; LINE is what the guest said about it, if it did."""
    line = line or {}
    passed_over = line.get("passed_over", "-")
    f = line.get("f", "-")
    return DeviceRow(
        device=address,
        driver=line.get("driver", "-"),
        f=None if f == "-" else f == "1",
        property=line.get("property", "-") != "-",
        secure=line.get("secure") == "1",
        mode=line.get("mode", "-"),
        reason=line.get("reason", "-"),
        passed_over=[] if passed_over == "-" else passed_over.split(","),
        io=io,
    )


def as_text(value: object) -> str:
    """A value as the table has it, with yes and no for true and false."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else "-"


def format_table(rows: Sequence[DeviceRow]) -> str:
    """The table; columns are wider than usual only if something does not fit."""
    lines = [TITLES] + [_cells(row) for row in rows]
    widths = [
        max(least, max(len(line[column]) for line in lines))
        for column, least in enumerate(WIDTHS)
    ]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, [*widths, 0])).rstrip()
        for line in lines
    )


def _cells(row: DeviceRow) -> tuple[str, ...]:
    return (
        row.device,
        row.driver,
        "-" if row.f is None else str(int(row.f)),
        as_text(row.property),
        row.mode,
        row.reason,
        as_text(" ".join(row.passed_over)),
        row.io,
    )


def write_json(rows: Sequence[DeviceRow], versions: Versions, file: Path) -> None:
    """Write the same, and what it is of (docs/boot.md)."""
    devices = [row.json() for row in rows]
    document = {"schema": SCHEMA, "versions": versions, "devices": devices}
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
