# SPDX-License-Identifier: GPL-2.0-or-later
"""Results made up for tests."""

from __future__ import annotations

import random

from vdma_run.results import FAILED, OUTCOMES, SKIPPED, UNJUDGED, Case, Results

WORDS = ("a b", "x<y>&", 'it\'s "so"', "# no", "\\", "ä€", "::", "[1-2]", "]]>", "tab\there")
TESTS = ("tests/linux/test_x.py::test_y", "unit/test_z", "unit-asan/test_z::case", "strict/6.12")


def words(rng: random.Random, count: int) -> str:
    """Text with what a format may trip over, without blanks around it."""
    return " ".join(rng.choices(WORDS, k=count)).strip()


def random_results(rng: random.Random, count: int) -> Results:
    """COUNT cases of all kinds."""
    found = Results(properties={"kernel": "6.12", "qemu": words(rng, 2)})
    for number in range(count):
        outcome = rng.choice(OUTCOMES)
        case = Case(f"{rng.choice(TESTS)}[{number}-{words(rng, 1)}]", outcome)
        case.seconds = rng.randrange(5000) / 1000
        case.properties = {"log": f"/tmp/{number}", "kernel.row": words(rng, 1)}
        if outcome in (FAILED, SKIPPED, UNJUDGED):
            case.message = words(rng, 3)
        if outcome in (FAILED, UNJUDGED):
            case.details = "\n".join(words(rng, 4) for _ in range(3))
        found.add(case)
    return found
