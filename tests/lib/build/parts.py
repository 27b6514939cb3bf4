# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things stand: the tree, what it built, third-party parts."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from unittest import SkipTest

from tests.lib.build.rows import TOP

BUILD = TOP / "build"
CACHE = Path(os.environ.get("VDMA_CACHE") or Path.home() / ".cache/vdma").absolute()
# Folders unpacked or built for a kernel are removed, when the next is, if unused for so long.
KEPT = 30 * 24 * 3600.0
# Or is this what make install has put somewhere?
IN_TREE = (TOP / "mk/part").is_file()
# Where runs leave their folders.
RUNS = BUILD if IN_TREE else CACHE / "runs"


class Missing(Exception):
    """Something that must be there before a guest can boot is not there."""


class Wrong(Exception):
    """What was asked for is not what it has to be, or does not fit the rest."""


class Unfit(SkipTest):
    """What was asked for is right, but this cannot be run with it: pytest skips the test."""


@functools.cache
def part(name: str) -> Path:
    """Folder of a third-party part; fetches and builds it if need be."""
    if not IN_TREE:
        if (TOP / "parts" / name).is_dir():
            return TOP / "parts" / name
        raise Missing(f"cannot find part {name}: not installed; name yours by path")
    done = subprocess.run(
        [TOP / "mk/part", name], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise Missing(f"cannot use part {name}: mk/part said why")
    return Path(done.stdout.strip())


def mark_used(folder: Path) -> None:
    """Keep a folder from forget_unused(), if it is there and not somebody else's."""
    with suppress(OSError):
        os.utime(folder)


def forget_unused(folder: Path) -> None:
    """Remove what was not used for KEPT from a folder of the cache; another process may be
    doing the same."""
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT:
                shutil.rmtree(path)


def built(path: str) -> Path:
    """A file that make builds."""
    file = BUILD / path
    if not file.exists():
        raise Missing(f"cannot find build/{path}: run make boot once")
    return file


def programs() -> dict[str, bytes]:
    """Debian's programs for a guest, with their libraries: files by path. None is
    executable yet, and LD_LIBRARY_PATH has to be /lib."""
    root = part("programs-ppc64le") / "root"
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}
