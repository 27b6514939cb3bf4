# SPDX-License-Identifier: GPL-2.0-or-later
"""A secure VM has no back end that bypasses the DMA guard, and does not migrate."""

from __future__ import annotations

from pathlib import Path

from tests.lib.guest.baremetal import Run, table
from tests.live.conftest import Outcome
from tests.live.migration import MigratingProgram

ROWS = table("tests/live")
ESM = next(row for row in ROWS if row.group == "esm")
STAY = next(row for row in ROWS if row.group == "stay")

NO_MOVE = "The source says that a secure VM does not migrate, and goes on."


def test_no_vhost(run: Path) -> None:
    """UV_ESM is refused once with the name of a vhost device, and the guest goes on."""
    problems = Run(ESM, run).problems()
    assert problems == []
    said = (run / "qemu.log").read_text(errors="replace")
    # the guest has asked more than once, and can ask as often as it likes
    assert said.count("cannot enter secure mode: d0 bypasses the DMA guard") == 1


def test_no_migration(run: Path, outcome: Outcome) -> None:
    """A secure VM's source refuses to migrate, and the guest goes on."""
    for kind in ("blk", "iothread", "net", "testpmd", "dirty", "postcopy", "without", "linux"):
        outcome(f"migrate-{kind}", "bounce", NO_MOVE)
    with MigratingProgram(STAY, run) as guest:
        guest.wait_for("at work")
        assert "a secure VM does not migrate" in guest.refused_here()
        problems = guest.finish()
    assert problems == []
