# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of devices, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.lib.verdict import Row, as_text
from tests.lib.versions import Versions

# Version of devices.json; the first was an array.
SCHEMA = 2

TITLES = ("DEVICE", "DRIVER", "F", "PROPERTY", "MODE", "REASON", "PASSED OVER", "I/O")
WIDTHS = (12, 11, 1, 8, 8, 19, 22)


def format_table(rows: Sequence[Row]) -> str:
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


def _cells(row: Row) -> tuple[str, ...]:
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


def write_json(rows: Sequence[Row], versions: Versions, file: Path) -> None:
    """Write the same, and what it is of (docs/boot.md)."""
    devices = [row.json() for row in rows]
    document = {"schema": SCHEMA, "versions": versions, "devices": devices}
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
