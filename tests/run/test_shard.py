# SPDX-License-Identifier: GPL-2.0-or-later
"""Shards: each test is in one, wherever that is worked out."""

from __future__ import annotations

import random

import pytest

from vdma_run import shard
from vdma_run.shard import Shard

TESTS = [f"tests/linux/test_{a}.py::test_{b}[{a}-{b}]" for a in range(25) for b in range(20)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 600])
def test_each_test_is_in_one_shard(count: int) -> None:
    """Neither in none nor in two, whatever else is selected."""
    shards = [Shard(number, count) for number in range(1, count + 1)]
    rng = random.Random(count)
    some = rng.sample(TESTS, 50)
    for test in TESTS:
        assert sum(each.has(test) for each in shards) == 1
    for each in shards:
        assert {t for t in some if each.has(t)} == {t for t in TESTS if each.has(t)} & set(some)


def test_shards_are_alike() -> None:
    """None has a third more than its part."""
    for count in (2, 4, 8):
        for number in range(1, count + 1):
            part = sum(Shard(number, count).has(test) for test in TESTS)
            assert part < len(TESTS) / count * 4 / 3


def test_every_machine_deals_alike() -> None:
    """By the id and nothing else: a known answer."""
    assert [Shard(n, 3).has("tests/a.py::test_b") for n in (1, 2, 3)] == [False, False, True]


def test_selection_is_a_set() -> None:
    """Its name changes with its tests and not with their order."""
    assert shard.selection(TESTS) == shard.selection(reversed(TESTS))
    assert shard.selection(TESTS) != shard.selection(TESTS[1:])


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/99999", " 1/2"]
)
def test_no_shard(text: str) -> None:
    """One line."""
    with pytest.raises(ValueError) as caught:
        shard.parse(text)
    assert str(caught.value) == f"shard {text}: want I/N, with I from 1 to N"


def test_shard_as_written() -> None:
    """It reads what it prints."""
    assert shard.parse("2/12") == Shard(2, 12) and str(Shard(2, 12)) == "2/12"
