# SPDX-License-Identifier: GPL-2.0-or-later
"""A device's own thread and vCPUs that toggle windows, seen by ThreadSanitizer.

QEMU itself is not free of reports: gcc's sanitizer knows nothing of fences, and so
takes RCU and the clock for races. No report may have our code in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.guest.baremetal import GuestRow, Run, table

ROWS = table("tests/tsan")
PROJECT_FILES = re.compile(
    "|".join(re.escape(f"/{path.name}:") for path in (TOP / "hypervisor/qemu").glob("*.[ch]"))
)
REPORT = re.compile(r"^WARNING: ThreadSanitizer: .*?^SUMMARY: [^\n]*", re.MULTILINE | re.DOTALL)


@pytest.mark.extended
@pytest.mark.parametrize("row", [pytest.param(row, id=row.id()) for row in ROWS])
def test_no_race_of_ours(run: Path, monkeypatch: pytest.MonkeyPatch, row: GuestRow) -> None:
    """All I/O is right, and no report of ThreadSanitizer names a file of this project."""
    monkeypatch.setenv("TSAN_OPTIONS", "exitcode=0")
    assert Run(row, run).problems() == []
    reports = REPORT.findall((run / "qemu.log").read_text(errors="replace"))
    # without any report the sanitizer is not at work
    assert reports
    assert [report for report in reports if PROJECT_FILES.search(report)] == []
