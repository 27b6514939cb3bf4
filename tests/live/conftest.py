# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets a test record the outcome of an event: a cell of docs/lifecycle.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import replace

import pytest

from tests.live.event_table import Record, save

Outcome = Callable[..., None]
RECORDS = pytest.StashKey[list[Record]]()


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """outcome(EVENT, MODE): the event works if this test passes; outcome(EVENT, MODE, HOW):
    it is refused. To be called before any step that may fail; events.toml has the
    events."""
    records = request.node.stash.setdefault(RECORDS, [])

    def note(event: str, mode: str, how: str = "") -> None:
        records.append(Record(event, mode, how))

    return note


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.CallInfo[None], None]:
    """Save the records, with whether the test has passed."""
    made = yield
    report = made.get_result()  # type: ignore[attr-defined]
    records: list[Record] = item.stash.get(RECORDS, [])
    if report.when == "call" and records:
        name = re.sub(r"[^\w.-]+", "-", item.nodeid.removeprefix("tests/live/")).strip("-")
        save(name, [replace(record, passed=report.passed) for record in records])
