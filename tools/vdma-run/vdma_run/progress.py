# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a run is and how long it still takes, by how long tests took before."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TextIO

# Between lines where there is no terminal to write over.
EVERY = 15.0
# Part of the work after which the speed is known.
SURE = 0.05
UNKNOWN = 1.0


def left(
    waiting: Iterable[str],
    done: Iterable[str],
    before: Mapping[str, float],
    elapsed: float,
    jobs: int,
) -> float:
    """Seconds until WAITING tests have run, after DONE ones took ELAPSED seconds on the
    wall. BEFORE has seconds of earlier runs; a test that has none takes their median."""
    usual = statistics.median(before.values()) if before else UNKNOWN
    ahead = sum(before.get(name, usual) for name in waiting)
    past = sum(before.get(name, usual) for name in done)
    if past > SURE * (ahead + past):
        return ahead * elapsed / past
    return ahead / jobs


class Progress:
    """A line that is written over, on a terminal; else one now and then."""

    def __init__(
        self,
        tests: Iterable[str],
        before: Mapping[str, float],
        jobs: int,
        stream: TextIO = sys.stderr,
    ) -> None:
        self._waiting, self._done = set(tests), set[str]()
        self._before, self._jobs, self._stream = before, jobs, stream
        self._failed = 0
        self._started = time.monotonic()
        self._said = self._started
        self._open = False

    def ended(self, test: str, failed: bool) -> None:
        """A test has."""
        self._waiting.discard(test)
        self._done.add(test)
        self._failed += failed
        self.show()

    def line(self) -> str:
        """For people."""
        total = len(self._waiting) + len(self._done)
        elapsed = time.monotonic() - self._started
        seconds = left(self._waiting, self._done, self._before, elapsed, self._jobs)
        bad = f", {self._failed} failed" if self._failed else ""
        clock = f"{int(seconds) // 60}:{int(seconds) % 60:02} left"
        return f"  CHECK   {clock}  {len(self._done)} of {total}{bad}"

    def show(self) -> None:
        """If there is something to say."""
        now = time.monotonic()
        if self._stream.isatty():
            self._stream.write(f"\r\033[K{self.line()}")
            self._open = True
        elif now - self._said >= EVERY:
            self._said = now
            self._stream.write(self.line() + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Lines that stay."""
        if self._open:
            self._stream.write("\r\033[K")
            self._open = False
        self._stream.write(text + "\n")
        self._stream.flush()
