# SPDX-License-Identifier: GPL-2.0-or-later
"""Medians, their noise, and whether a difference exceeds it.

No distribution is assumed. The interval of a median is bounded
by two of the values themselves: the median that endless rounds would give lies
between the k-th and the k-th last of n values unless fewer than k of them fell on
one side of it, which happens as often as with n coins. With 5 values these are the
smallest and the largest, and 15 times in 16 they hold it.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

# How often an interval holds its median, at least; 5 values are the fewest.
CONFIDENCE = 0.93
FEWEST = 5


@dataclass(frozen=True)
class Summary:
    """A median and its interval. DECIDES: there were values enough for one."""

    median: float
    low: float
    high: float
    count: int

    @property
    def decides(self) -> bool:
        """Is the interval worth its name?"""
        return self.count >= FEWEST

    @property
    def noise(self) -> float:
        """Half of the interval, as a part of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0

    def side_of(self, value: float) -> int:
        """-1 or 1 if the median is below or above, whatever the noise; else 0."""
        if not self.decides or self.low <= value <= self.high:
            return 0
        return -1 if self.high < value else 1


def _outermost(count: int) -> int:
    """The k of the interval: as large as CONFIDENCE allows, 1 at least."""
    k, outside = 1, 2 / 2**count
    while outside + 2 * comb(count, k) / 2**count <= 1 - CONFIDENCE:
        outside += 2 * comb(count, k) / 2**count
        k += 1
    return k


def summary(values: Sequence[float]) -> Summary:
    """Of at least one value."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    k = _outermost(len(ordered))
    return Summary(
        statistics.median(ordered), ordered[k - 1], ordered[-k], len(ordered)
    )


def ratio(ours: Mapping[int, float], base: Mapping[int, float]) -> Summary | None:
    """Of values of the same rounds: what disturbed a round disturbed both. None if
    no round has both."""
    rounds = [r for r in sorted(ours) if base.get(r)]
    return summary([ours[r] / base[r] for r in rounds]) if rounds else None


def differ(a: Sequence[float], b: Sequence[float]) -> bool:
    """Do the medians of two sessions differ by more than the noise of both?

    Their intervals must not touch: of 5 values each, all of one are larger.
    """
    first, second = summary(a), summary(b)
    if not (first.decides and second.decides):
        return False
    return first.high < second.low or second.high < first.low
