# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of docs/lifecycle.md: whether a device works in each mode at each event.

python3 -m tests.live.event_table compares it with the last runs' records in build/live,
or with --write rewrites it from them, once each cell has a record and none has failed.
events.toml has the events, and modes in which one cannot happen."""

from __future__ import annotations

import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from tests.lib.build.parts import BUILD, TOP
from tests.lib.host.doc_table import asked_to_write, head, row, stays, update

PAGE = TOP / "docs/lifecycle.md"
EVENTS = TOP / "tests/live/events.toml"
RECORDS = BUILD / "live"
MARK = "<!-- table: events -->\n"
END = "<!-- end -->\n"

MODES = ("direct", "bypass", "identity", "tce", "bounce")
WORKS, FAILS, UNTESTED = "works", "**fails**", "not tested"


@dataclass(frozen=True)
class Record:
    """The outcome of one test; HOW the event was refused, if it was."""

    event: str
    mode: str
    how: str = ""
    passed: bool = True


@dataclass(frozen=True)
class Event:
    """A row: WORDS for people, and the reason for modes in which it cannot happen."""

    name: str
    words: str
    never: Mapping[str, str] = field(default_factory=dict)


def events() -> list[Event]:
    """All events, in the order of the table."""
    with EVENTS.open("rb") as file:
        found = [Event(**entry) for entry in tomllib.load(file)["event"]]
    if unknown := {mode for event in found for mode in event.never} - set(MODES):
        raise ValueError(f"{EVENTS.name}: unknown modes {sorted(unknown)}")
    return found


def save(name: str, records: Iterable[Record]) -> None:
    """Save the records of the test NAME; earlier ones are replaced."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(record) for record in records], indent=1)
    (RECORDS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def load() -> list[Record]:
    """The records of all tests."""
    return [
        Record(**entry)
        for path in sorted(RECORDS.glob("*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]


def cell(event: Event, mode: str, seen: list[Record]) -> tuple[str, str]:
    """A cell, and its note below the table."""
    hows = {record.how for record in seen}
    if len(hows) > 1:
        raise ValueError(f"{event.name}, {mode}: tests do not agree: {sorted(hows)}")
    if not seen:
        return ("-", event.never[mode]) if mode in event.never else (UNTESTED, "")
    if mode in event.never:
        raise ValueError(f"{event.name}, {mode}: it can't happen, and it has")
    if not all(record.passed for record in seen):
        return FAILS, ""
    how = hows.pop()
    return ("refused", how) if how else (WORKS, "")


def lines(rows: list[Event], seen: list[Record]) -> str:
    """The table, and its notes."""
    if unknown := {record.event for record in seen} - {event.name for event in rows}:
        raise ValueError(f"not in {EVENTS.name}: {sorted(unknown)}")
    by_cell: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in seen:
        by_cell[record.event, record.mode].append(record)
    notes: list[str] = []
    text = head(("event", *MODES))
    for event in rows:
        fields = [event.words]
        for mode in MODES:
            word, note = cell(event, mode, by_cell[event.name, mode])
            if note and note not in notes:
                notes.append(note)
            fields.append(f"{word} [{notes.index(note) + 1}]" if note else word)
        text += row(fields)
    return text + "\n" + "".join(f"{i}. {note}\n" for i, note in enumerate(notes, start=1))


def main() -> int:
    """Compare, or write."""
    write = asked_to_write(__doc__)
    try:
        text = lines(events(), load())
    except ValueError as error:
        stays(PAGE, str(error))
        return 1
    left = {word: text.count(f"| {word} ") for word in (FAILS, UNTESTED)}
    if any(left.values()):
        seen = ", ".join(f"{count} cells: {word}" for word, count in left.items() if count)
        stays(PAGE, f"{seen} (make check-live)")
        return int(left[FAILS] > 0 and not write)
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(MARK)
    after = rest.partition(END)[2]
    return update(PAGE, before + MARK + text + END + after, write)


if __name__ == "__main__":
    sys.exit(main())
