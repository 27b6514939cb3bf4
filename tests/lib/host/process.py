# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that tests start, and waiting."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


class Closing:
    """To be used in a with statement, which calls close() at its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release what the object holds."""
        raise NotImplementedError


def die_with_parent() -> Callable[[], None]:
    """To be called in the child, before exec: it will be killed when we end."""
    parent = os.getpid()

    def prepare() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def start(
    command: Sequence[str | Path], log: Path, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a program that is killed when we end; LOG gets its output. OPTIONS replace
    or add to what Popen gets."""
    with log.open("wb") as file:
        usual: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file}
        started: subprocess.Popen[bytes] = subprocess.Popen(
            # pylint: disable=subprocess-popen-preexec-fn
            command, preexec_fn=die_with_parent(), **{**usual, **options}
        )  # fmt: skip
        return started


def until(condition: Callable[[], object], limit: float, interval: float = 0.05) -> bool:
    """Wait until CONDITION holds, at most LIMIT seconds; does it?"""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True
