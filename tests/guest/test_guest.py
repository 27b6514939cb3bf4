# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the tables in this folder, as a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.guest.baremetal import GuestRow, Run, firsts, table

ROWS = table()
FIRSTS = firsts(ROWS)
CASES = [
    pytest.param(row, id=row.id(), marks=[] if row.id() in FIRSTS else [pytest.mark.extended])
    for row in ROWS
]


@pytest.mark.parametrize("row", CASES)
def test_guest(run: Path, row: GuestRow) -> None:
    """The program reports no problem, or in a row with "fails" all problems listed there."""
    problems = Run(row, run).problems()
    if problems and not row.fails:
        pytest.fail("\n".join(problems), pytrace=False)
    for expected in row.fails:
        assert any(expected in problem for problem in problems), problems
