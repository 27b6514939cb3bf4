# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows toggled under a disk at work: no request fails, and all data is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.guest import ktap
from tests.lib.guest.baremetal import GuestRow, Run, table
from tests.live.conftest import Outcome

ROWS = [row for row in table("tests/live") if row.group == "toggle"]
SHORT, SOAK = "short", "soak"
MARKS = {SHORT: [], SOAK: [pytest.mark.extended, pytest.mark.soak, pytest.mark.timeout(1000)]}
CASES = [
    pytest.param(row, id=row.id(), marks=MARKS.get(row.name, [pytest.mark.extended]))
    for row in ROWS
]


@pytest.mark.parametrize("row", CASES)
def test_toggle(run: Path, outcome: Outcome, row: GuestRow) -> None:
    """Windows are toggled as often as the row says while every queue makes progress."""
    if row.name not in (SHORT, SOAK):
        outcome("toggle", row.mode)
    guest = Run(row, run)
    problems = guest.problems()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
    metrics = ktap.metrics(guest.console())
    asked = re.search(r"rounds=(\d+)", row.run)
    assert asked
    toggles = int(dict(metrics)["toggles"])
    # what goes on for some time does so more often
    assert toggles > int(asked[1]) if row.name == SOAK else toggles == int(asked[1])
    requests = [int(value) for name, value in metrics if name == "requests"]
    # not one queue may have stood still while the others worked
    assert len(requests) == 3 and 2 * min(requests) > max(requests)
