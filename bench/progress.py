# SPDX-License-Identifier: GPL-2.0-or-later
"""The progress of a session and the time left, on the terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

# Between lines where there is no terminal to write over.
EVERY = 5.0


class Progress:
    """PLANNED is seconds, roughly: only how parts of it compare matters."""

    def __init__(self, planned: float, stream: TextIO = sys.stderr) -> None:
        self._planned = planned
        self._spent = 0.0
        self._stream = stream
        self._started = time.monotonic()
        self._said = 0.0
        self._open = False

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    def step(self, planned: float, text: str) -> None:
        """Begin a step that was planned to take so long."""
        done = min(1.0, self._spent / self._planned)
        left = self._planned - self._spent
        # What was planned is a guess until some of it is done.
        if self._spent > 0.05 * self._planned:
            left *= self.seconds() / self._spent
        self._spent += planned
        minutes, seconds = divmod(int(max(left, 0)), 60)
        line = f"  BENCH   {done:4.0%}  {minutes}:{seconds:02} left  {text}"
        if self._stream.isatty():
            self._stream.write(f"\r\033[K{line}")
            self._open = True
        elif time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.end()
        self._stream.write(f"bench: {text}\n")
        self._stream.flush()

    def end(self) -> None:
        """No more steps, for now."""
        if self._open:
            self._stream.write("\r\033[K")
            self._open = False
