# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of events is written from complete records only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.live import event_table
from tests.live.event_table import END, MARK, MODES, PAGE, Event, Record, events, lines

EVENT = Event("unplug", "it goes", {"bounce": "Nobody can."})


def test_cells() -> None:
    """Each outcome has its word in the table, and equal notes appear once."""
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
    """Outcomes that contradict each other, or the list of events, are an error."""
    with pytest.raises(ValueError):
        lines([EVENT], seen)


class Table:
    """The program, with a page and records of its own."""

    def __init__(self, run: Path, patch: pytest.MonkeyPatch) -> None:
        self.page = run / "page.md"
        self.page.write_text(f"before\n{MARK}old\n{END}after\n")
        patch.setattr(event_table, "PAGE", self.page)
        patch.setattr(event_table, "RECORDS", run / "records")
        patch.setattr(event_table, "events", lambda: [Event("unplug", "it goes")])
        self._patch = patch

    def run(self, *options: str) -> tuple[int, bool]:
        """Its status, and whether it has written into the page."""
        before = self.page.read_text()
        self._patch.setattr(sys, "argv", ["table", *options])
        status = event_table.main()
        return status, self.page.read_text() != before


@pytest.fixture(name="table")
def _table(run: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(run, monkeypatch)


def test_only_docs_writes(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """A run only compares; make docs writes the page, and then it is up to date."""
    event_table.save("test", [Record("unplug", mode) for mode in MODES])
    assert table.run() == (1, False)
    assert "page.md: not in it: | it goes | works |" in capsys.readouterr().err
    assert table.run("--write") == (0, True)
    assert table.page.read_text().startswith(f"before\n{MARK}| event | direct |")
    assert table.page.read_text().endswith(f"{END}after\n")
    assert table.run() == table.run("--write") == (0, False)


def test_a_failure_is_not_written(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """A failed or missing cell leaves the page as it is, with a line."""
    event_table.save("test", [Record("unplug", mode, passed=mode != "tce") for mode in MODES])
    assert table.run() == (1, False)
    assert table.run("--write") == (0, False)
    assert "page.md: stays as it is: 1 cells: **fails**" in capsys.readouterr().err
    event_table.save("test", [Record("unplug", mode) for mode in MODES[1:]])
    assert table.run() == table.run("--write") == (0, False)
    assert "page.md: stays as it is: 1 cells: not tested" in capsys.readouterr().err
    event_table.save("test", [Record("plug", mode) for mode in MODES])
    assert table.run() == (1, False)
    assert "page.md: stays as it is: not in events.toml: ['plug']" in capsys.readouterr().err


def test_page_has_all() -> None:
    """docs/lifecycle.md lists all events, and none of them fails."""
    table = PAGE.read_text(encoding="utf-8").partition(MARK)[2].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows == [event.words for event in events()]
    assert "fails" not in table
