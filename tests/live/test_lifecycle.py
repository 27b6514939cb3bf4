# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests have seen becomes the table, and what they have not does not."""

from __future__ import annotations

import pytest

from tests.live.table import MARK, PAGE, Event, Record, events, lines

EVENT = Event("unplug", "it goes", {"bounce": "Nobody can."})


def test_cells() -> None:
    """Works, refused, fails, not tested, can't be; the same note once."""
    seen = [
        Record("unplug", "direct"),
        Record("unplug", "bypass", "H_BUSY"),
        Record("unplug", "identity", "H_BUSY"),
        Record("unplug", "tce"),
        Record("unplug", "tce", passed=False),
    ]
    table = lines([EVENT, Event("none", "nothing")], seen).splitlines()
    assert table[2:4] == [
        "| it goes | works | refused [1] | refused [1] | **fails** | - [2] |",
        "| nothing" + " | not tested" * 5 + " |",
    ]
    assert table[5:] == ["1. H_BUSY", "2. Nobody can."]


@pytest.mark.parametrize(
    "seen",
    [
        [Record("unplug", "direct"), Record("unplug", "direct", "H_BUSY")],
        [Record("unplug", "bounce")],
        [Record("plug", "direct")],
    ],
    ids=["two-ways", "never", "unknown"],
)
def test_contradiction(seen: list[Record]) -> None:
    """What can't be true is no table."""
    with pytest.raises(ValueError):
        lines([EVENT], seen)


def test_page_has_all() -> None:
    """docs/lifecycle.md has the events that there are, and nothing in it fails."""
    table = PAGE.read_text(encoding="utf-8").partition(MARK)[2].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows == [event.words for event in events()]
    assert "fails" not in table
