# SPDX-License-Identifier: GPL-2.0-or-later
"""Shards: parts of a selection of tests. Each machine runs a part.

Which shard a test is in depends on its id and the number of shards and on nothing else,
so that machines agree without a word between them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """NUMBER, from 1 on, of COUNT."""

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def has(self, test: str) -> bool:
        """Is a test of this id in it?"""
        digest = hashlib.sha256(test.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def parse(text: str) -> Shard:
    """NUMBER/COUNT as people write it; else ValueError with a line."""
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"shard {text}: want I/N, with I from 1 to N")
    return Shard(int(found[1]), int(found[2]))


def selection(tests: Iterable[str]) -> str:
    """A name for these tests, whatever their order: shards of two trees do not mix."""
    return hashlib.sha256("\n".join(sorted(tests)).encode()).hexdigest()[:16]
