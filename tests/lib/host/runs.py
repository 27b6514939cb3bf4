# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of runs: a fresh one for each, locked while it is in use.

PARENT/latest is a link to the newest, from its start on. Of the finished runs, the
newest KEPT and those of the last day stay.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

LOCK = "lock"
LATEST = "latest"
NAMES = "[0-9]*-[0-9]*"
KEPT = 10
DAY = 24 * 60 * 60.0


class Busy(OSError):
    """Another run is using the folder."""


@contextmanager
def _held(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock of a folder; it is released however the process ends."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(f"cannot use {folder}: another run is using it") from None
        yield
    finally:
        os.close(lock)


def create(parent: Path, name: str) -> Path:
    """A new folder, with a number after its NAME if the name is taken."""
    for number in itertools.count(1):
        path = parent / (name if number == 1 else f"{name}-{number:03}")
        try:
            path.mkdir()
            break
        except FileExistsError:
            pass
    return path


def _point(link: Path, name: str) -> None:
    """Point LINK to NAME; it exists at any time."""
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.rename(link)


def _prune(parent: Path) -> None:
    """Remove old folders of runs that nobody uses; what another user's run has left stays."""
    for path in sorted(lock.parent for lock in parent.glob(f"{NAMES}/{LOCK}"))[:-KEPT]:
        with suppress(OSError):
            if time.time() - (path / LOCK).stat().st_mtime > DAY:
                with _held(path):
                    shutil.rmtree(path)


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """FOLDER, locked while the with statement runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder):
        yield folder


@contextmanager
def fresh(parent: Path) -> Iterator[Path]:
    """A new folder in PARENT, locked likewise."""
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _held(parent, wait=True):
            path = create(parent, time.strftime("%Y%m%d-%H%M%S"))
            stack.enter_context(_held(path))
            _point(parent / LATEST, path.name)
            _prune(parent)
        yield path


def use(asked: Path | None, parent: Path) -> AbstractContextManager[Path]:
    """The folder ASKED for, or else a fresh one."""
    return locked(asked) if asked else fresh(parent)
