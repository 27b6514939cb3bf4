# SPDX-License-Identifier: GPL-2.0-or-later
"""Medians, their intervals, and differences."""

from __future__ import annotations

import itertools
import statistics
from fractions import Fraction

import pytest

from bench.stats import CONFIDENCE, FEWEST, differ, ratio, summary


def test_median_and_interval_of_five() -> None:
    """The interval of five values spans the smallest and the largest."""
    found = summary([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (found.median, found.low, found.high, found.count) == (3.0, 1.0, 5.0, 5)
    assert found.decides
    assert found.noise == pytest.approx(2 / 3)


def test_even_number_of_values() -> None:
    """The median of an even number of values is between the middle two."""
    assert summary([1.0, 2.0, 3.0, 10.0]).median == 2.5


def test_no_values() -> None:
    """A summary of no values is an error."""
    with pytest.raises(ValueError, match="no values"):
        summary([])


def holds(count: int, k: int) -> Fraction:
    """How often the true median is between the k-th and the k-th last of COUNT values,
    counted over every way in which values can lie around it."""
    good = sum(
        1
        for sides in itertools.product((0, 1), repeat=count)
        if k <= sum(sides) <= count - k
    )
    return Fraction(good, 2**count)


@pytest.mark.parametrize("count", range(1, 14))
def test_interval_is_the_narrowest_that_is_sure_enough(count: int) -> None:
    """The interval is the narrowest that reaches the confidence, and the widest if none does."""
    found = summary([float(i) for i in range(count)])
    k = int(found.low) + 1
    assert found.high == count - k
    enough = Fraction(str(CONFIDENCE))
    if count < FEWEST:
        assert k == 1 and holds(count, 1) < enough
    else:
        assert holds(count, k) >= enough > holds(count, k + 1)


def test_one_wild_value_moves_no_median() -> None:
    """One outlier does not change the median."""
    assert summary([10.0, 10.0, 10.0, 10.0, 1000.0]).median == 10.0


@pytest.mark.parametrize(
    "values, side",
    [
        ([0.5, 0.6, 0.7, 0.8, 0.9], -1),
        ([1.1, 1.2, 1.3, 1.4, 1.5], 1),
        ([0.5, 0.6, 0.7, 0.8, 1.1], 0),
        ([0.5, 0.6, 0.7, 0.8, 1.0], 0),
        ([0.5, 0.6, 0.7, 0.8], 0),
    ],
    ids=["below", "above", "across", "touches", "too few"],
)
def test_side(values: list[float], side: int) -> None:
    """A ratio is above or below only if all of at least five values are."""
    assert summary(values).side_of(1.0) == side


def test_ratio_is_of_the_same_rounds() -> None:
    """A round that was slow for both gives no difference."""
    base = {0: 100.0, 1: 10.0, 2: 50.0, 3: 70.0, 4: 90.0}
    ours = {number: value * 0.9 for number, value in base.items()}
    found = ratio(ours, base)
    assert found is not None
    assert found.low == pytest.approx(0.9)
    assert found.high == pytest.approx(0.9)
    # of medians alone, the noise would have hidden it
    assert not differ(list(ours.values()), list(base.values()))


def test_ratio_leaves_out_rounds_that_one_lacks() -> None:
    """Rounds that one side lacks, or in which it did nothing, are left out."""
    found = ratio({0: 5.0, 1: 6.0, 3: 1.0}, {1: 12.0, 2: 1.0, 3: 0.0})
    assert found is not None
    assert (found.median, found.count) == (0.5, 1)
    assert ratio({0: 1.0}, {1: 1.0}) is None


def test_differ() -> None:
    """Two sessions differ if intervals of at least five values do not touch."""
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert differ(five, [value + 5.0 for value in five])
    assert differ([value + 5.0 for value in five], five)
    assert not differ(five, [value + 4.0 for value in five])
    assert not differ(five[:4], [100.0] * 5)
    assert statistics.median(five) == 3.0
