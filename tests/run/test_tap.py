# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP 14: every case, its outcome, and its facts."""

from __future__ import annotations

import json
import random
import re

import pytest

from tests.run.cases import random_results
from vdma_run.results import Case, Results
from vdma_run.tap import text_tap

POINT = re.compile(
    r"(?P<bad>not )?ok (?P<number>\d+) - (?P<text>(?:[^#\\]|\\[#\\])*?)"
    r"(?: # (?P<what>\w+) ?(?P<why>.*))?"
)


def points(text: str) -> list[dict[str, str]]:
    """The stream as a strict reader takes it: the version, the plan, and points with
    their blocks."""
    version, plan, *lines = text.splitlines()
    assert version == "TAP version 14"
    found: list[dict[str, str]] = []
    block: dict[str, str] = {}
    inside = False
    for line in lines:
        if not inside and line == "  ---":
            block, inside = found[-1], True
        elif line == "  ...":
            assert inside
            inside = False
        elif inside:
            name, _, value = line.strip().partition(": ")
            block[json.loads(name) if name.startswith('"') else name] = json.loads(value)
        else:
            match = POINT.fullmatch(line)
            assert match, line
            found.append({key: value or "" for key, value in match.groupdict().items()})
    assert plan == f"1..{len(found)}" and not inside
    assert [int(point["number"]) for point in found] == list(range(1, len(found) + 1))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_any_results(seed: int) -> None:
    """A point for each case, with its id, outcome and message, whatever they hold."""
    there = random_results(random.Random(seed), 30)
    for case, point in zip(there, points(text_tap(there)), strict=True):
        assert re.sub(r"\\([#\\])", r"\1", point["text"]) == " ".join(case.id.split())
        assert bool(point["bad"]) == (case.outcome in ("failed", "unjudged"))
        assert (point["what"] == "SKIP") == (case.outcome == "skipped")
        if case.outcome != "passed":
            assert (point["outcome"], point["message"]) == (case.outcome, case.message)


def test_known_failure_is_todo() -> None:
    """With its reason; and a command that runs a case alone."""
    there = Results({n: Case(n, "failed", message="bad") for n in ("a", "b")})
    first, second = points(text_tap(there, {"a": "since #7"}, {"b": "run b"}))
    assert (first["bad"], first["what"], first["why"]) == ("not ", "TODO", "since \\#7")
    assert (second["bad"], second["what"], second["again"]) == ("not ", "", "run b")


def test_nothing_ran() -> None:
    """Is a stream, too."""
    assert text_tap(Results()) == "TAP version 14\n1..0\n"
